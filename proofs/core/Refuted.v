(** * Refuted: claims about adding gradients back that are false.

    Each claim is stated in the setting of [Trajectory] and refuted by an
    explicit run with quadratic losses.  [row_loss w b] is the squared loss of
    one row, (<w, x> - b)^2 / 2, and [row_grad w b] its gradient.

    Definitions
    - [kept], [dropped]: the split of one-sample training by the set of
      forgotten steps.
    - [addback_error], [noop_distance]: distance of the add-back model, and of
      the untouched model, from the retrained one.
    - [printed_claim C]: error <= C eta^2 t |m * (theta_t - theta_0)| sigma for all
      runs whose Hessians equal sigma times the identity.
    - [convex_claim G]: error <= sum_k a_k G(x, k, t) for all runs with convex
      smooth retained losses and x_i = eta_i L_i <= 1.

    Theorems
    - [no_universal_constant]: [printed_claim C] fails for every C.
    - [returning_trajectory]: the path returns to its start, so the printed
      expression is zero, and the error is eta^2.
    - [convex_claim_needs_more_than_one], [min_one_refuted],
      [one_minus_product_refuted]: G = min(1, sum x_i) and
      G = 1 - prod (1 - x_i) are too small.
    - [coordinate_sigma_too_small]: the largest singular value paired with a kept
      coordinate can be 0 although the masked Hessian has norm 1/2.
    - [sparser_not_smaller]: error 0 without a mask and eta^2 with one.
    - [addback_versus_noop], [addback_worse_than_noop]: with strongly convex
      losses the add-back model can be farther from retraining than the
      untouched model.
    - [early_recollection_refuted]: a recollection that adds the forgotten gradient
      before the linearised step of the same batch, instead of after it, is not
      exact on quadratic losses.
    Axiom-free, over any real closed field. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Mask Step Trajectory Recollection.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

(** ** Vocabulary *)
Section Vocabulary.
Variables (R : rcfType) (d : nat).

Definition kept (forget : pred nat) (g : nat -> 'cV[R]_d -> 'cV[R]_d) :=
  fun k x => if forget k then 0 else g k x.

Definition dropped (forget : pred nat) (g : nat -> 'cV[R]_d -> 'cV[R]_d) :=
  fun k x => if forget k then g k x else 0.

Definition addback_error keep drop eta (theta0 : 'cV[R]_d) ref t : R :=
  norm (addback keep drop eta theta0 ref t - retrain keep eta theta0 t).

Definition noop_distance keep drop eta (theta0 : 'cV[R]_d) t : R :=
  norm (train keep drop eta theta0 t - retrain keep eta theta0 t).

Lemma mask_all (v : 'cV[R]_d) : mask predT v = v.
Proof. by apply/colP => i; rewrite mxE. Qed.

(** The squared loss of one row. *)
Definition row_loss (w : 'cV[R]_d) (b : R) : 'cV[R]_d -> R :=
  fun x => (dot w x - b) ^+ 2 / 2%:R.
Definition row_grad (w : 'cV[R]_d) (b : R) : 'cV[R]_d -> 'cV[R]_d :=
  fun x => (dot w x - b) *: w.

Lemma row_convex S w b : convex_on S 0 (row_loss w b) (row_grad w b).
Proof.
move=> x y _ _; rewrite mul0r mul0r addr0 -subr_ge0.
have -> : row_loss w b y - (row_loss w b x + dot (row_grad w b x) (y - x))
        = dot w (y - x) ^+ 2 / 2%:R.
  by rewrite /row_loss /row_grad !dotE; field.
by rewrite divr_ge0 ?sqr_ge0 ?ler0n.
Qed.

Lemma row_smooth S w b : smooth_on S (dot w w) (row_loss w b) (row_grad w b).
Proof.
move=> x y _ _; rewrite -subr_ge0.
have -> : row_loss w b x + dot (row_grad w b x) (y - x)
          + dot w w / 2%:R * norm (y - x) ^+ 2 - row_loss w b y
        = (dot w w * dot (y - x) (y - x) - dot w (y - x) ^+ 2) / 2%:R.
  rewrite norm_sq; move: (dot (y - x) (y - x)) => n.
  by rewrite /row_loss /row_grad !dotE; field.
by rewrite divr_ge0 ?ler0n // subr_ge0 CauchySchwarz_sq.
Qed.
End Vocabulary.

(** Vectors with one and two coordinates. *)
Section Coordinates.
Variable R : rcfType.

Definition vec1 (x : R) : 'cV[R]_1 := const_mx x.
Definition vec2 (x y : R) : 'cV[R]_2 := \col_i (if i == 0 then x else y).

Lemma norm_vec1 x : norm (vec1 x) = `|x|.
Proof. by rewrite /norm /dot big_ord1 !mxE -expr2 sqrtr_sqr. Qed.

Lemma vec1_inj x y : vec1 x = vec1 y -> x = y.
Proof. by move/matrixP => /(_ 0 0); rewrite !mxE. Qed.

Lemma dot_vec2 x y x' y' : dot (vec2 x y) (vec2 x' y') = x * x' + y * y'.
Proof. by rewrite /dot big_ord_recl big_ord1 !mxE. Qed.

Lemma vec2D x y x' y' : vec2 x y + vec2 x' y' = vec2 (x + x') (y + y').
Proof. by apply/colP => i; rewrite !mxE; case: ifP. Qed.

Lemma vec2N x y : - vec2 x y = vec2 (- x) (- y).
Proof. by apply/colP => i; rewrite !mxE; case: ifP. Qed.

Lemma vec2Z a x y : a *: vec2 x y = vec2 (a * x) (a * y).
Proof. by apply/colP => i; rewrite !mxE; case: ifP. Qed.

Lemma vec2_0 : (0 : 'cV[R]_2) = vec2 0 0.
Proof. by apply/colP => i; rewrite !mxE if_same. Qed.

Lemma vec2_eq x y x' y' : x = x' -> y = y' -> vec2 x y = vec2 x' y'.
Proof. by move=> -> ->. Qed.

Definition vec2E := (vec2N, vec2D, vec2Z, dot_vec2).

(** The mask that keeps the first (second) of two coordinates. *)
Definition first : pred 'I_2 := fun i => i == 0.
Definition second : pred 'I_2 := fun i => i != 0.

Lemma mask_first x y : mask first (vec2 x y) = vec2 x 0.
Proof. by apply/colP => i; rewrite !mxE /first /=; case: (i == 0). Qed.

Lemma mask_second x y : mask second (vec2 x y) = vec2 0 y.
Proof. by apply/colP => i; rewrite !mxE /second /=; case: (i == 0). Qed.

Lemma norm_vec2_0r x : norm (vec2 x 0) = `|x|.
Proof. by rewrite /norm dot_vec2 mulr0 addr0 -expr2 sqrtr_sqr. Qed.

Lemma norm_vec2_0l y : norm (vec2 0 y) = `|y|.
Proof. by rewrite /norm dot_vec2 mulr0 add0r -expr2 sqrtr_sqr. Qed.
End Coordinates.

(** The first step is forgotten, the others are retained. *)
Definition forget0 : pred nat := fun k => k == 0%N.

(** ** The printed scaling *)
Section Printed.
Variable R : rcfType.

Definition printed_claim (C : R) : Prop :=
  forall d (h sigma : R) (m : pred 'I_d) g forget (theta0 : 'cV[R]_d) t,
  0 < h -> 0 < sigma -> h * sigma <= 1 ->
  (forall k x y, g k x - g k y = sigma *: (x - y)) ->
  addback_error (masked_run m (kept forget g)) (masked_run m (dropped forget g))
    (fun=> h) theta0 (fun=> theta0) t
  <= C * (h ^+ 2 * t%:R * sigma
          * norm (mask m (train (masked_run m (kept forget g))
                                (masked_run m (dropped forget g)) (fun=> h) theta0 t
                          - theta0))).

(** Scaling all losses by [c] and the step sizes by [1 / c] changes nothing. *)
Lemma train_rescale d (c : R) keep drop eta (theta0 : 'cV[R]_d) k : c != 0 ->
  train (fun i x => c *: keep i x) (fun i x => c *: drop i x) (fun i => eta i / c) theta0 k
  = train keep drop eta theta0 k.
Proof. by move=> c0; elim: k => //= k ->; rewrite -scalerDr scalerA divfK. Qed.

Lemma retrain_rescale d (c : R) keep eta (theta0 : 'cV[R]_d) k : c != 0 ->
  retrain (fun i x => c *: keep i x) (fun i => eta i / c) theta0 k
  = retrain keep eta theta0 k.
Proof. by move=> c0; elim: k => //= k ->; rewrite scalerA divfK. Qed.

Lemma addback_rescale d (c : R) keep drop eta (theta0 : 'cV[R]_d) ref t : c != 0 ->
  addback (fun i x => c *: keep i x) (fun i x => c *: drop i x) (fun i => eta i / c) theta0 ref t
  = addback keep drop eta theta0 ref t.
Proof.
move=> c0; rewrite /addback train_rescale //; congr (_ + _).
by apply: eq_bigr => k _; rewrite scalerA divfK.
Qed.

(** Two steps with losses c (x - b_k)^2 / 2 and step size 1 / c. *)
Definition shifted (c : R) (b : nat -> R) : nat -> 'cV[R]_1 -> 'cV[R]_1 :=
  fun k x => c *: (x - vec1 (b k)).
Definition one_then (b : R) : nat -> R := fun k => if k is 0%N then 1 else b.

Theorem no_universal_constant (C : R) : ~ printed_claim C.
Proof.
pose c := 6%:R * `|C| + 1.
have c1 : 0 < c by rewrite ltr_paddl ?ltr01 // mulr_ge0 ?ler0n.
have cn : c != 0 by rewrite gt_eqF.
move=> /(_ 1%N c^-1 c predT (shifted c (one_then 3%:R)) forget0 0 2%N).
rewrite invr_gt0 mulVf // lexx => /(_ c1 c1 isT) claim.
have {claim} := claim (fun k x y => _).
have hess k (x y : 'cV[R]_1) : shifted c (one_then 3%:R) k x - shifted c (one_then 3%:R) k y
    = c *: (x - y) by rewrite /shifted; vring.
move=> /(_ hess); rewrite /addback_error /addback big_ord_recr big_ord1 /=.
rewrite /masked_run /kept /dropped /shifted /one_then /= !mask_all.
set th2 := (0 - _ - _ : 'cV_1) ; set ab := (_ + _ - _ : 'cV_1).
have -> : ab = vec1 (- 1) by rewrite /ab /th2 /vec1; apply/colP => i; rewrite !mxE; field.
have -> : th2 - 0 = vec1 3%:R by rewrite /th2 /vec1; apply/colP => i; rewrite !mxE; field.
rewrite !norm_vec1 normrN normr1 normr_nat => h.
have : c <= 6%:R * C.
  have := ler_wpmul2l (ltW c1) h; rewrite mulr1 => h'; apply: le_trans h' _.
  by rewrite le_eqVlt; apply/orP; left; apply/eqP; field.
apply/negP; rewrite -ltNge; apply: le_lt_trans (_ : 6%:R * `|C| < c).
  by rewrite ler_wpmul2l ?ler0n ?ler_norm.
by rewrite ltr_addl ltr01.
Qed.

(** Losses (x - 1)^2 / 2, forgotten, then (x + 1 - h)^2 / 2. *)
Theorem returning_trajectory (h : R) :
  let g := shifted 1 (one_then (h - 1)) in
  let keep := kept forget0 g in
  let drop := dropped forget0 g in
  train keep drop (fun=> h) 0 2 = 0 /\
  addback_error keep drop (fun=> h) 0 (fun=> 0) 2 = h ^+ 2.
Proof.
have th2 : train (kept forget0 (shifted 1 (one_then (h - 1))))
             (dropped forget0 (shifted 1 (one_then (h - 1)))) (fun=> h) 0 2 = 0.
  by rewrite /= /kept /dropped /shifted /vec1 /=; apply/colP => i; rewrite !mxE; ring.
split=> //; rewrite /addback_error /addback th2 big_ord_recr big_ord1 /=.
rewrite /kept /dropped /shifted /=; set v := (X in norm X).
have -> : v = vec1 (- h ^+ 2) by rewrite /v /vec1; apply/colP => i; rewrite !mxE; ring.
by rewrite norm_vec1 normrN ger0_norm ?sqr_ge0.
Qed.
End Printed.

(** ** Convex losses: factors that do not exceed 1 are too small *)
Section Kaczmarz.
Variable R : rcfType.

Definition convex_claim (G : (nat -> R) -> nat -> nat -> R) : Prop :=
  forall d (keep drop : nat -> 'cV[R]_d -> 'cV[R]_d) f (eta L : nat -> R) theta0 t,
  (forall k, 0 <= eta k) -> (forall k, 0 <= L k) -> (forall k, eta k * L k <= 1) ->
  (forall k, convex_on (@everywhere R d) 0 (f k) (keep k)) ->
  (forall k, smooth_on (@everywhere R d) (L k) (f k) (keep k)) ->
  addback_error keep drop eta theta0 (train keep drop eta theta0) t
  <= \sum_(k < t) eta k * norm (drop k (train keep drop eta theta0 k))
                  * G (fun i => eta i * L i) k t.

(** Three least-squares rows, step size 1: (10, 7) is forgotten, then two unit
    rows at an angle are visited; each visit projects on the row's hyperplane. *)
Definition kaczmarz_row (k : nat) : 'cV[R]_2 :=
  if k is 1%N then vec2 1 0 else vec2 (3%:R / 5%:R) (4%:R / 5%:R).
Definition kaczmarz_keep (k : nat) : 'cV[R]_2 -> 'cV[R]_2 :=
  if k is 0%N then row_grad 0 0 else row_grad (kaczmarz_row k) 0.
Definition kaczmarz_drop (k : nat) : 'cV[R]_2 -> 'cV[R]_2 :=
  if k is 0%N then row_grad (vec2 10%:R 7%:R) (- 1) else fun=> 0.
Definition kaczmarz_loss (k : nat) : 'cV[R]_2 -> R :=
  if k is 0%N then row_loss 0 0 else row_loss (kaczmarz_row k) 0.

Lemma kaczmarz_row_unit k : dot (kaczmarz_row k) (kaczmarz_row k) = 1.
Proof. by case: k => [|[|k]]; rewrite /= dot_vec2; field. Qed.

Lemma kaczmarz_error :
  norm (vec2 10%:R 7%:R : 'cV[R]_2)
  < addback_error kaczmarz_keep kaczmarz_drop (fun=> 1) 0
      (train kaczmarz_keep kaczmarz_drop (fun=> 1) 0) 3.
Proof.
have row0 b (x : 'cV[R]_2) : row_grad 0 b x = 0 by rewrite /row_grad scaler0.
have t1 : train kaczmarz_keep kaczmarz_drop (fun=> 1) 0 1 = vec2 (- 10%:R) (- 7%:R).
  by rewrite /= row0 /row_grad vec2_0 !vec2E; apply: vec2_eq; ring.
have t2 : train kaczmarz_keep kaczmarz_drop (fun=> 1) 0 2 = vec2 0 (- 7%:R).
  by rewrite train_step t1 /gd_step /= /row_grad vec2_0 /= !vec2E; apply: vec2_eq; ring.
have t3 : train kaczmarz_keep kaczmarz_drop (fun=> 1) 0 3
        = vec2 (84%:R / 25%:R) (- (63%:R / 25%:R)).
  by rewrite train_step t2 /gd_step /= /row_grad vec2_0 /= !vec2E; apply: vec2_eq; field.
have p3 : retrain kaczmarz_keep (fun=> 1) 0 3 = 0.
  have k0 k : kaczmarz_keep k 0 = 0.
    by case: k => [|k]; rewrite /= /row_grad dot0r subr0 scale0r.
  by elim: 3%N => // k IH; rewrite retrain_step IH /gd_step k0 scaler0 subr0.
rewrite /addback_error /addback t3 p3 2!big_ord_recr big_ord1 /= !scaler0 !addr0 subr0.
rewrite /row_grad vec2_0 !vec2E.
rewrite -ltr_sqr ?nnegrE ?norm_ge0 // !norm_sq !dot_vec2 -subr_gt0.
set e := (X in 0 < X); have -> : e = 1239%:R / 25%:R by rewrite /e; field.
by rewrite divr_gt0 ?ltr0n.
Qed.

Theorem convex_claim_needs_more_than_one G : convex_claim G -> 1 < G (fun=> 1) 0%N 3%N.
Proof.
move=> claim; have L1 (k : nat) : 0 <= (1 : R) := ler01.
have x1 (k : nat) : (1 : R) * 1 <= 1 by rewrite mulr1.
have cv k : convex_on (@everywhere R 2) 0 (kaczmarz_loss k) (kaczmarz_keep k).
  by case: k => [|k]; apply: row_convex.
have sm k : smooth_on (@everywhere R 2) 1 (kaczmarz_loss k) (kaczmarz_keep k).
  case: k => [|k]; last by rewrite -(kaczmarz_row_unit k.+1); apply: row_smooth.
  by apply: (smooth_on_weaken _ (@row_smooth _ _ _ 0 0)); rewrite dot0l ler01.
have := claim 2%N kaczmarz_keep kaczmarz_drop kaczmarz_loss (fun=> 1) (fun=> 1) 0 3%N L1 L1 x1 cv sm.
move=> h; have := lt_le_trans kaczmarz_error h.
rewrite 2!big_ord_recr big_ord1 /= !norm0 !mulr0 !mul0r !addr0 !mul1r.
have -> : row_grad (vec2 10%:R 7%:R) (- 1) 0 = vec2 10%:R 7%:R :> 'cV[R]_2.
  by rewrite /row_grad dot0r sub0r opprK scale1r.
have n0 : 0 < norm (vec2 10%:R 7%:R : 'cV[R]_2).
  by rewrite /norm sqrtr_gt0 dot_vec2 addr_gt0 ?mulr_gt0 ?ltr0n.
by rewrite -{1}[norm _]mulr1 ltr_pmul2l.
Qed.

Theorem min_one_refuted :
  ~ convex_claim (fun x k t => Num.min 1 (\sum_(k.+1 <= i < t) x i)).
Proof.
by move/convex_claim_needs_more_than_one; rewrite lt_minr ltxx.
Qed.

Theorem one_minus_product_refuted :
  ~ convex_claim (fun x k t => 1 - \prod_(k.+1 <= i < t) (1 - x i)).
Proof.
move/convex_claim_needs_more_than_one.
by rewrite big_ltn // subrr mul0r subr0 ltxx.
Qed.
End Kaczmarz.

(** ** Singular values indexed by coordinates
    H = [1/2 1/2; 1/2 1/2] has singular values 1 and 0.  Pairing the second with
    the second coordinate predicts 0 for the mask that keeps this coordinate. *)
Section Sigma.
Variable R : rcfType.

Theorem coordinate_sigma_too_small :
  exists (H : 'M[R]_2) (sigma : 'I_2 -> R) (v : 'I_2 -> 'cV[R]_2) (e : 'cV[R]_2),
  [/\ [/\ forall j, v j != 0, dot (v 0) (v 1) = 0 & forall j, H *m v j = sigma j *: v j],
      H^T = H /\ 0 <= sigma 1 <= sigma 0,
      forall j, second j -> sigma j = 0,
      0 < norm e &
      norm (mask second (H *m mask second e)) = 2%:R^-1 * norm e].
Proof.
pose H : 'M[R]_2 := const_mx (2%:R^-1).
have HE x y : H *m vec2 x y = vec2 ((x + y) / 2%:R) ((x + y) / 2%:R).
  apply/colP => i; rewrite !mxE big_ord_recl big_ord1 !mxE /=.
  by case: ifP => _; field.
exists H, (fun j => if j == 0 then 1 else 0),
  (fun j => if j == 0 then vec2 1 1 else vec2 1 (- 1)), (vec2 0 1); split.
- split=> [j||j].
  + rewrite -dot_eq0; by case: ifP => _; rewrite dot_vec2 ?mulrNN !mulr1 -[1 + 1]/(2%:R) pnatr_eq0.
  + have orth : dot (vec2 1 1) (vec2 1 (- 1)) = 0 :> R by rewrite dot_vec2 !mul1r addrN.
    exact: orth.
  by case: ifP => _; rewrite HE vec2Z; apply: vec2_eq; field.
- split; first by apply/matrixP => i j; rewrite !mxE.
  by rewrite /= lexx ler01.
- by move=> j; rewrite /second => /negbTE ->.
- by rewrite norm_vec2_0l normr1 ltr01.
rewrite mask_second HE mask_second !norm_vec2_0l normr1 mulr1 add0r mul1r.
by rewrite ger0_norm // invr_ge0 ler0n.
Qed.
End Sigma.

(** ** A sparser mask can be worse
    Step 0, forgotten, has the constant gradient (1, 1); step 1, retained, has
    the squared loss of the row (1, -1). *)
Section Sparser.
Variable R : rcfType.

Definition sparse_keep (k : nat) : 'cV[R]_2 -> 'cV[R]_2 :=
  if k is 0%N then fun=> 0 else row_grad (vec2 1 (- 1)) 0.
Definition sparse_drop (k : nat) : 'cV[R]_2 -> 'cV[R]_2 :=
  if k is 0%N then fun=> vec2 1 1 else fun=> 0.

Theorem sparser_not_smaller (h : R) (ref : nat -> 'cV[R]_2) :
  addback_error (masked_run predT sparse_keep) (masked_run predT sparse_drop)
    (fun=> h) 0 ref 2 = 0 /\
  addback_error (masked_run (@first) sparse_keep) (masked_run (@first) sparse_drop)
    (fun=> h) 0 ref 2 = h ^+ 2.
Proof.
split; rewrite /addback_error /addback big_ord_recr big_ord1 /masked_run /= /row_grad.
  rewrite !mask_all /row_grad vec2_0 !vec2E; set v := (X in norm X).
  by have -> : v = vec2 0 0; [rewrite /v; apply: vec2_eq; ring | rewrite -vec2_0 norm0].
rewrite vec2_0 !(mask_first, vec2E); set v := (X in norm X).
have -> : v = vec2 (h ^+ 2) 0 by rewrite /v; apply: vec2_eq; ring.
by rewrite norm_vec2_0r ger0_norm ?sqr_ge0.
Qed.
End Sparser.

(** ** Worse than doing nothing
    Every retained loss is mu x^2 / 2; the forgotten row acts at step 0, with
    gradient 1.  Training forgets it by itself; adding its gradient back restores
    the whole kick. *)
Section Noop.
Variables (R : rcfType) (h mu : R).

Definition decay_keep (k : nat) : 'cV[R]_1 -> 'cV[R]_1 := fun x => mu *: x.
Definition decay_drop (k : nat) : 'cV[R]_1 -> 'cV[R]_1 :=
  if k is 0%N then fun=> vec1 1 else fun=> 0.

Theorem addback_versus_noop t (ref : nat -> 'cV[R]_1) : 0 <= h -> 0 <= mu -> h * mu <= 1 ->
  noop_distance decay_keep decay_drop (fun=> h) 0 t.+1 = h * (1 - h * mu) ^+ t /\
  addback_error decay_keep decay_drop (fun=> h) 0 ref t.+1 = h * (1 - (1 - h * mu) ^+ t).
Proof.
move=> h0 mu0 hmu; set q := 1 - h * mu.
have q0 : 0 <= q by rewrite subr_ge0.
have q1 : q <= 1 by rewrite ler_subl_addr ler_addl mulr_ge0.
have ph k : retrain decay_keep (fun=> h) 0 k = 0.
  by elim: k => //= k ->; rewrite /decay_keep !scaler0 subr0.
have th k : train decay_keep decay_drop (fun=> h) 0 k.+1 = vec1 (- (h * q ^+ k)).
  elim: k => [|k IH].
    by rewrite /= /decay_keep; apply/colP => i; rewrite !mxE; ring.
  rewrite train_step IH /gd_step /decay_keep /= exprS; move: (q ^+ k) => p.
  by apply/colP => i; rewrite !mxE /q; ring.
rewrite /noop_distance /addback_error /addback ph th !subr0 norm_vec1 normrN.
split; first by rewrite ger0_norm // mulr_ge0 ?exprn_ge0.
rewrite big_ord_recl /= big1 => [|i _]; last by rewrite scaler0.
set v := (X in norm X).
have -> : v = vec1 (h * (1 - q ^+ t)).
  by rewrite /v; move: (q ^+ t) => p; apply/colP => i; rewrite !mxE; ring.
by rewrite norm_vec1 ger0_norm // mulr_ge0 // subr_ge0 exprn_ile1.
Qed.
End Noop.

(** For instance h = 1, mu = 1/2 and two retained steps: the untouched model is at
    distance 1/4 from retraining, the add-back model at distance 3/4. *)
Theorem addback_worse_than_noop (R : rcfType) :
  exists (mu : R) (keep drop : nat -> 'cV[R]_1 -> 'cV[R]_1) (eta : nat -> R) theta0 t,
  [/\ 0 < mu, forall k, monotone_on (@everywhere R 1) mu (keep k),
      forall k, lipschitz_on (@everywhere R 1) mu (keep k),
      forall k, 0 < eta k /\ eta k * mu <= 1 &
      forall ref, noop_distance keep drop eta theta0 t
                  < addback_error keep drop eta theta0 ref t].
Proof.
pose mu : R := 2%:R^-1; have mu0 : 0 < mu by rewrite invr_gt0 ltr0n.
have mu1 : 1 * mu <= 1 by rewrite mul1r invf_le1 ?ler1n ?ltr0n.
exists mu, (decay_keep mu), (@decay_drop R), (fun=> 1), 0, 3%N; split=> //.
- by move=> k x y _ _; rewrite /decay_keep -scalerBr dotZl norm_sq.
- by move=> k x y _ _; rewrite /decay_keep -scalerBr normZ ger0_norm // ltW.
- by move=> k; rewrite ltr01 mu1.
move=> ref; have [-> ->] := addback_versus_noop 2 ref ler01 (ltW mu0) mu1.
rewrite !mul1r -subr_gt0; set e := (X in 0 < X).
have -> : e = 2%:R^-1 by rewrite /e /mu; field.
by rewrite invr_gt0 ltr0n.
Qed.

(** ** The order of operations in recollection
    [early_recollect] multiplies the kick of a batch by the linearised step of
    that same batch.  [recollect] does not, and is exact on quadratics. *)
Section EarlyRecollection.
Variables (R : rcfType) (d : nat).
Variables (keep drop : nat -> 'cV[R]_d -> 'cV[R]_d) (eta : nat -> R) (theta0 : 'cV[R]_d).
Variable H : nat -> 'M[R]_d.

Fixpoint early_recollect k : 'cV[R]_d :=
  if k is j.+1
  then let v := early_recollect j + eta j *: drop j (train keep drop eta theta0 j) in
       v - eta j *: (H j *m v)
  else 0.
End EarlyRecollection.

Theorem early_recollection_refuted (R : rcfType) (h : R) :
  let keep := decay_keep 1 in let drop := @decay_drop R in let eta := fun=> h in
  let theta := train keep drop eta 0 in let phi := retrain keep eta 0 in
  (forall k x, keep k x = 1%:M *m x) /\
  (theta 1%N + recollect keep drop eta 0 (fun _ x => 1%:M *m x) 1 = phi 1%N /\
   norm (theta 1%N + early_recollect keep drop eta 0 (fun=> 1%:M) 1 - phi 1%N) = h ^+ 2).
Proof.
cbv zeta; split; first by move=> k x; rewrite mul1mx /decay_keep scale1r.
split; rewrite /= !mul1mx /decay_keep.
  by apply/colP => i; rewrite !mxE; ring.
set v := (X in norm X).
have -> : v = vec1 (- h ^+ 2) by rewrite /v; apply/colP => i; rewrite !mxE; ring.
by rewrite norm_vec1 normrN ger0_norm ?sqr_ge0.
Qed.
