(** * DotFloat: the sums of products of src/numeric/product.rs, as coded on binary64, are enclosed:
    a running sum with its rounding errors summed beside it, magnitudes computed in floats and raised,
    factors known up to a radius, underflow and overflow included.

    Definitions
      ball                     a middle and a radius
      state, add, start        the running sum, as coded
      gamma_f n                gamma n = n u / (1 - n u), rounded upwards, as coded
      enclosure                as coded
      inv                      what holds of a state after n terms

    Theorems
      two_sum_wide             TwoSum is exact up to 2^1022
      add_inv                  one more term
      enclosure_sound          the enclosure contains the exact sum of x_i y_i, |y_i - mid_i| <= radius_i, for fewer than
                               2^53 terms, whatever overflows or underflows
      dot_sound                a dot product of floats *)
From Coq Require Import Reals ZArith Lra Lia List Bool.
From Flocq Require Import Core Relative BinarySingleNaN.
From Unlearn Require Import FloatDot FloatIeee Interval64 Twofold.
Import ListNotations.
Local Open Scope R_scope.

#[local] Existing Instance fmt_valid.

(** ** As coded *)
Record ball := Ball { mid : f64; radius : f64 }.
Record state := State { sum : f64; errors : f64; errors_size : f64; size : f64; spread : f64; terms : nat }.
Definition start : state := State Bzero Bzero Bzero Bzero Bzero 0.

Definition add (s : state) (t : f64 * ball) : state :=
  let (x, y) := t in
  let p := fmul x (mid y) in
  let (s', e) := two_sum (sum s) p in
  State s' (fadd (errors s) e) (fadd (errors_size s) (Babs e)) (fadd (size s) (Babs p))
    (fadd (spread s) (fmul (Babs x) (radius y))) (S (terms s)).

Definition of_nat (n : nat) : f64 := binary_normalize prec emax _ _ mode_NE (Z.of_nat n) 0 false.
Definition unit_roundoff : f64 := posf 4503599627370496 (-105).
Definition smallest : f64 := posf 1 (-1074).
Definition one_half : f64 := posf 4503599627370496 (-53).
Definition quarter_max : f64 := posf 9007199254740991 969.
Definition ione : itv := Itv Bone Bone.

Definition gamma_f (n : nat) : f64 :=
  let nu := imul (ipoint (of_nat n)) (ipoint unit_roundoff) in
  hi (idiv nu (isub ione nu)).

Definition enclosure (s : state) : itv :=
  match terms s with
  | O => izero
  | _ =>
    let gf := gamma_f (terms s) in
    if Bltb (size s) quarter_max && Bltb (spread s) Binf && Bltb gf one_half then
      let g := ipoint gf in
      let underflow := imul (ipoint (of_nat (terms s))) (ipoint smallest) in
      let raised x := idiv (iadd (ipoint x) underflow) (isub ione g) in
      let rounding := iadd (imul (ipoint (gamma_f 1)) (raised (size s))) underflow in
      let vague := if eq0 (spread s) then izero else raised (spread s) in
      let r := hi (iadd (iadd rounding (imul g (raised (errors_size s)))) vague) in
      iadd (iadd (ipoint (sum s)) (ipoint (errors s))) (Itv (Bopp r) r)
    else Itv Bminf Binf
  end.

(** ** TwoSum near the top of the range *)
Definition huge := bpow radix2 1023.

Lemma rounds_huge z r : Rabs r <= huge -> rounds z r -> fin z (rnd r).
Proof.
  intros H. unfold rounds. rewrite Rlt_bool_true; [intros [E F]; now split|].
  apply Rle_lt_trans with huge; [|now apply bpow_lt].
  apply abs_round_le_generic; [exact fmt_valid | apply valid_rnd_N | | exact H].
  apply generic_format_bpow. unfold fmt, FLT_exp, emin, prec. lia.
Qed.

Lemma fadd_huge x y a b : fin x a -> fin y b -> Rabs (a + b) <= huge -> fin (fadd x y) (rnd (a + b)).
Proof. intros [Fx <-] [Fy <-] H. apply rounds_huge; [exact H|]. now apply fadd_rounds. Qed.
Lemma fsub_huge x y a b : fin x a -> fin y b -> Rabs (a - b) <= huge -> fin (fsub x y) (rnd (a - b)).
Proof. intros Hx Hy H. apply fadd_huge; [exact Hx | now apply fopp_fin | exact H]. Qed.

(** The rounding error of a sum is at most each of its terms. *)
Lemma rnd_plus_le x y : F64 x -> Rabs (rnd (x + y) - (x + y)) <= Rabs y.
Proof.
  intros Fx. destruct (round_N_pt radix2 fmt (fun z => negb (Z.even z)) (x + y)) as [_ N].
  fold rnd in N. generalize (N x Fx). unfold rnd.
  replace (x - (x + y)) with (- y) by ring. rewrite Rabs_Ropp. trivial.
Qed.

Lemma rnd_minus_err x y : F64 x -> F64 y -> Rabs (rnd (x - y) - (x - y)) <= u * Rabs (x - y).
Proof. intros Fx Fy. apply rnd_plus_err; [exact Fx | now apply generic_format_opp]. Qed.

Theorem two_sum_wide a b x y : fin a x -> fin b y ->
  Rabs x <= bpow radix2 1022 -> Rabs y <= bpow radix2 1022 ->
  let s := rnd (x + y) in
  fin (fst (two_sum a b)) s /\ fin (snd (two_sum a b)) (x + y - s) /\ Rabs (x + y - s) <= Rabs y.
Proof.
  intros Ha Hb Hx Hy s. assert (Fx := fin_F64 _ _ Ha). assert (Fy := fin_F64 _ _ Hb).
  assert (HM : huge = 2 * bpow radix2 1022) by (unfold huge; change 1023%Z with (1 + 1022)%Z; rewrite bpow_plus; reflexivity).
  assert (M0 := bpow_gt_0 radix2 1022). set (M := bpow radix2 1022) in *.
  assert (T := Rabs_triang x y).
  assert (F1 : fin (fadd a b) s) by (apply fadd_huge; auto; lra).
  assert (Fs := fin_F64 _ _ F1).
  assert (E1 := rnd_plus_err x y Fx Fy). fold s in E1. rewrite u_val in E1.
  assert (T1 : Rabs (s - x) <= Rabs y + Rabs (s - (x + y))).
  { replace (s - x) with (y + (s - (x + y))) by ring. apply Rabs_triang. }
  set (y' := rnd (s - x)).
  assert (F2 : fin (fsub (fadd a b) a) y') by (apply fsub_huge; auto; lra).
  assert (E2 := rnd_minus_err s x Fs Fx). fold y' in E2. rewrite u_val in E2.
  assert (D2 : Rabs (y - y') <= Rabs (y' - (s - x)) + Rabs (s - (x + y))).
  { replace (y - y') with (- (y' - (s - x)) + - (s - (x + y))) by ring.
    apply (Rle_trans _ _ _ (Rabs_triang _ _)). rewrite !Rabs_Ropp. lra. }
  assert (T2 : Rabs (s - y') <= Rabs x + (Rabs (s - (x + y)) + Rabs (y - y'))).
  { replace (s - y') with (x + ((s - (x + y)) + (y - y'))) by ring.
    apply (Rle_trans _ _ _ (Rabs_triang _ _)). apply Rplus_le_compat_l, Rabs_triang. }
  set (x' := rnd (s - y')).
  assert (F3 : fin (fsub (fadd a b) (fsub (fadd a b) a)) x') by (apply fsub_huge; auto; lra).
  assert (E3 := rnd_minus_err s y' Fs (fin_F64 _ _ F2)). fold x' in E3. rewrite u_val in E3.
  assert (D3 : Rabs (x - x') <= Rabs (x' - (s - y')) + (Rabs (s - (x + y)) + Rabs (y - y'))).
  { replace (x - x') with (- (x' - (s - y')) + - ((s - (x + y)) + (y - y'))) by ring.
    apply (Rle_trans _ _ _ (Rabs_triang _ _)). rewrite !Rabs_Ropp. apply Rplus_le_compat_l, Rabs_triang. }
  set (e1 := rnd (x - x')).
  assert (F4 : fin (fsub a (fsub (fadd a b) (fsub (fadd a b) a))) e1) by (apply fsub_huge; auto; lra).
  assert (E4 := rnd_minus_err x x' Fx (fin_F64 _ _ F3)). fold e1 in E4. rewrite u_val in E4.
  assert (B4 : Rabs e1 <= Rabs (e1 - (x - x')) + Rabs (x - x')).
  { generalize (Rabs_triang (e1 - (x - x')) (x - x')). replace (e1 - (x - x') + (x - x')) with e1 by ring. lra. }
  set (e2 := rnd (y - y')).
  assert (F5 : fin (fsub b (fsub (fadd a b) a)) e2) by (apply fsub_huge; auto; lra).
  assert (E5 := rnd_minus_err y y' Fy (fin_F64 _ _ F2)). fold e2 in E5. rewrite u_val in E5.
  assert (B5 : Rabs e2 <= Rabs (e2 - (y - y')) + Rabs (y - y')).
  { generalize (Rabs_triang (e2 - (y - y')) (y - y')). replace (e2 - (y - y') + (y - y')) with e2 by ring. lra. }
  assert (T6 := Rabs_triang e1 e2).
  assert (F6 : fin (fadd (fsub a (fsub (fadd a b) (fsub (fadd a b) a))) (fsub b (fsub (fadd a b) a))) (rnd (e1 + e2)))
    by (apply fadd_huge; auto; lra).
  assert (X := two_sum_exact x y Fx Fy). cbv zeta in X.
  fold s y' in X. fold x' in X. fold e1 e2 in X.
  assert (E : rnd (e1 + e2) = x + y - s) by lra.
  rewrite E in F6.
  split; [exact F1|]. split; [exact F6|].
  rewrite <- Rabs_Ropp. replace (- (x + y - s)) with (s - (x + y)) by ring. now apply rnd_plus_le.
Qed.

(** ** Rounding of a product against its rounded value *)
Lemma rnd_mult_err r : Rabs (rnd r - r) <= u * Rabs (rnd r) + eta.
Proof.
  assert (P := Rabs_pos (rnd r)). assert (U := u_pos). assert (E := eta_pos).
  destruct (Rle_or_lt (bpow radix2 (emin + prec - 1)) (Rabs r)) as [H|H].
  - generalize (relative_error_N_FLT_round radix2 emin prec eq_refl (fun x => negb (Z.even x)) r H).
    intros G. fold u_ro in G. apply Rle_trans with (u * Rabs (rnd r)); [|lra].
    apply (Rle_trans _ _ _ G). apply Rmult_le_compat_r; [apply Rabs_pos|].
    rewrite <- u_roE. apply Rle_refl.
  - generalize (error_le_half_ulp radix2 fmt (fun x => negb (Z.even x)) r). fold rnd.
    intros G. apply Rle_trans with eta; [|nra].
    apply (Rle_trans _ _ _ G). unfold fmt. rewrite ulp_FLT_small;
      [|exact prec_gt0 | apply Rlt_le_trans with (1 := H); apply bpow_le; unfold emin, prec; lia].
    unfold eta. right. change (bpow radix2 emin) with (bpow radix2 (1 + -1075)). rewrite bpow_plus.
    change (bpow radix2 1) with 2. field.
Qed.

Lemma rnd_le x y : x <= y -> rnd x <= rnd y.
Proof. apply round_le; [exact fmt_valid | apply valid_rnd_N]. Qed.
Lemma rnd_ge0 x : 0 <= x -> 0 <= rnd x.
Proof. intros H. rewrite <- (rnd_id 0) by apply generic_format_0. now apply rnd_le. Qed.

Lemma rnd_abs_mono x y : Rabs x <= y -> Rabs (rnd x) <= rnd y.
Proof.
  intros H. apply Rabs_le_inv in H. apply Rabs_le. rewrite <- rnd_opp. split; apply rnd_le; lra.
Qed.

(** ** The invariant *)
Record inv (s : state) (n : nat) (t pp sp se sea q : R) : Prop := Inv {
  i_terms : terms s = n;
  i_fin : is_finite (sum s) = true /\ is_finite (errors s) = true /\ is_finite (errors_size s) = true
          /\ is_finite (size s) = true /\ is_finite (spread s) = true;
  i_sum : B2R (sum s) + se = pp;
  i_exact : Rabs (t - pp) <= u * sp + INR n * eta + q;
  i_errors : Rabs (B2R (errors s) - se) <= ((1 + u) ^ n - 1) * sea;
  i_errors_size : (1 - u) ^ n * sea <= B2R (errors_size s);
  i_size : (1 - u) ^ n * sp <= B2R (size s);
  i_spread : (1 - u) ^ n * q <= B2R (spread s) + INR n * eta;
  i_sum_le : Rabs (B2R (sum s)) <= B2R (size s);
  i_errors_le : Rabs (B2R (errors s)) <= B2R (errors_size s) <= B2R (size s);
  i_zero : n = O -> B2R (spread s) = 0;
  i_spread0 : B2R (spread s) = 0 -> q <= INR n * eta;
  i_nonneg : 0 <= sp /\ 0 <= sea /\ 0 <= q /\ 0 <= B2R (spread s);
  i_se : Rabs se <= sea
}.

Lemma start_inv : inv start 0 0 0 0 0 0 0.
Proof.
  constructor; simpl; auto; try lra; try (rewrite ?Rminus_0_r, ?Rabs_R0; lra).
Qed.

Definition ok (s : state) : Prop :=
  is_finite (size s) = true /\ B2R (size s) <= bpow radix2 1022 /\ is_finite (spread s) = true.

Lemma two_sum_state s x y : add s (x, y) =
  State (fst (two_sum (sum s) (fmul x (mid y)))) (fadd (errors s) (snd (two_sum (sum s) (fmul x (mid y)))))
    (fadd (errors_size s) (Babs (snd (two_sum (sum s) (fmul x (mid y))))))
    (fadd (size s) (Babs (fmul x (mid y)))) (fadd (spread s) (fmul (Babs x) (radius y))) (S (terms s)).
Proof. unfold add. now destruct (two_sum (sum s) (fmul x (mid y))). Qed.

Lemma fadd_value x y : is_finite (fadd x y) = true ->
  is_finite x = true /\ is_finite y = true /\ B2R (fadd x y) = rnd (B2R x + B2R y).
Proof.
  intros H. destruct (fadd_finite _ _ H) as [F1 F2]. repeat split; auto.
  apply (rounds_finite _ _ (fadd_rounds _ _ F1 F2) H).
Qed.

Lemma fmul_value x y : is_finite (fmul x y) = true ->
  is_finite x = true /\ is_finite y = true /\ B2R (fmul x y) = rnd (B2R x * B2R y).
Proof.
  intros H. destruct (fmul_finite _ _ H) as [F1 F2]. repeat split; auto.
  apply (rounds_finite _ _ (fmul_rounds _ _ F1 F2) H).
Qed.

Lemma ok_back s t : ok (add s t) -> ok s.
Proof.
  destruct t as [x y]. rewrite two_sum_state. unfold ok. cbn [size spread].
  intros [F [B G]]. destruct (fadd_value _ _ F) as [F1 [F2 E]]. destruct (fadd_value _ _ G) as [G1 _].
  split; [exact F1|]. split; [|exact G1].
  rewrite E in B. apply Rle_trans with (2 := B). rewrite <- (rnd_id (B2R (size s))) at 1 by apply B2R_F64.
  apply rnd_le. rewrite B2R_Babs. generalize (Rabs_pos (B2R (fmul x (mid y)))). 
  change FloatIeee.B2R with (@BinarySingleNaN.B2R prec emax). lra.
Qed.

Lemma ok_fold l : forall s, ok (fold_left add l s) -> ok s.
Proof. induction l as [|t l IH]; intros s H; [exact H|]. apply (ok_back s t), IH, H. Qed.

Lemma pow1u_pos n : 0 < (1 - u) ^ n <= 1.
Proof.
  assert (U := u_val). induction n as [|n IH]; simpl; [lra|]. rewrite U in *. split; [apply Rmult_lt_0_compat|]; nra.
Qed.

Theorem add_inv s n t pp sp se sea q x y (v : R) :
  inv s n t pp sp se sea q -> ok (add s (x, y)) -> above (radius y) (Rabs (v - B2R (mid y))) ->
  exists pp' sp' se' sea' q', inv (add s (x, y)) (S n) (t + B2R x * v) pp' sp' se' sea' q'.
Proof.
  intros I H Hv. assert (HS := ok_back _ _ H). rewrite two_sum_state in *. destruct H as [F [B G]].
  cbn [size spread] in F, B, G. destruct HS as [_ [BS _]].
  destruct I as [It [I1 [I2 [I3 [I4 I5]]]] Is Ix Ie Ies Isz Isp Isl [Iel Iel2] Iz Iq [N1 [N2 [N3 N4]]] Ise].
  destruct (fadd_value _ _ F) as [_ [Fp Es]]. destruct (fadd_value _ _ G) as [_ [Fq Eq]].
  rewrite is_finite_Babs in Fp. rewrite B2R_Babs in Es.
  destruct (fmul_value _ _ Fp) as [Fx [Fm Ep]]. destruct (fmul_value _ _ Fq) as [_ [Fr Er]].
  destruct Hv as [_ Hv]. apply upper_finite in Hv; [|exact Fr].
  set (p := fmul x (mid y)) in *.
  change (@BinarySingleNaN.B2R prec emax) with FloatIeee.B2R in *.
  assert (Sp : Rabs (B2R p) <= B2R (fadd (size s) (Babs p))).
  { rewrite Es. rewrite <- (rnd_id (Rabs (B2R p))) at 1 by (apply generic_format_abs, B2R_F64).
    apply rnd_le. generalize (Rabs_pos (B2R (sum s))). lra. }
  destruct (two_sum_wide (sum s) p _ _ (conj I1 eq_refl) (conj Fp eq_refl) ltac:(lra) ltac:(lra)) as [W1 [W2 W3]].
  set (s' := fst (two_sum (sum s) p)) in *. set (e := snd (two_sum (sum s) p)) in *.
  set (S0 := B2R (sum s)) in *. set (P := B2R p) in *. set (rs := rnd (S0 + P)) in *. set (re := S0 + P - rs) in *.
  destruct W1 as [W1 W1e], W2 as [W2 W2e].
  assert (M0 : huge = 2 * bpow radix2 1022) by (unfold huge; change 1023%Z with (1 + 1022)%Z; rewrite bpow_plus; reflexivity).
  assert (Pre := Rabs_pos re). assert (PP := Rabs_pos P).
  assert (Tee := Rabs_triang (B2R (errors s)) re).
  assert (V1 : fin (fadd (errors s) e) (rnd (B2R (errors s) + re)))
    by (apply fadd_huge; [now split | now split | lra]).
  assert (Be : fin (Babs e) (Rabs re)) by (split; [now rewrite is_finite_Babs | rewrite B2R_Babs; now f_equal]).
  assert (V2 : fin (fadd (errors_size s) (Babs e)) (rnd (B2R (errors_size s) + Rabs re))).
  { apply fadd_huge; [now split | exact Be |]. rewrite Rabs_pos_eq by (generalize (Rabs_pos (B2R (errors s))); lra). lra. }
  destruct V1 as [V1 V1e], V2 as [V2 V2e].
  set (X := B2R x) in *. set (m := B2R (mid y)) in *. set (rad := B2R (radius y)) in *.
  set (Q := B2R (fmul (Babs x) (radius y))) in *.
  assert (Er' : Q = rnd (Rabs X * rad)) by (rewrite Er; now rewrite B2R_Babs).
  assert (r0 : 0 <= rad) by (generalize (Rabs_pos (v - m)); lra).
  assert (xr0 : 0 <= Rabs X * rad) by (apply Rmult_le_pos; [apply Rabs_pos | exact r0]).
  assert (Q0 : 0 <= Q) by (rewrite Er'; now apply rnd_ge0).
  assert (HQ := rnd_mult_err (Rabs X * rad)). rewrite <- Er', (Rabs_pos_eq Q) in HQ by exact Q0.
  assert (HQ2 := rnd_err (Rabs X * rad)). rewrite <- Er', (Rabs_pos_eq (Rabs X * rad)) in HQ2 by exact xr0.
  apply Rabs_le_inv in HQ. apply Rabs_le_inv in HQ2.
  assert (HP := rnd_mult_err (X * m)). rewrite <- Ep in HP. fold P in HP.
  assert (E0 := eta_pos). assert (U := u_val). assert (W := pow1u_pos n). assert (G1 := pow1u_ge1 n).
  assert (NN := pos_INR n).
  assert (S1err := rnd_plus_err (B2R (size s)) (Rabs P) (B2R_F64 _) (generic_format_abs _ _ _ (B2R_F64 _))).
  assert (S2err := rnd_plus_err (B2R (errors_size s)) (Rabs re) (B2R_F64 _) (fin_F64 _ _ Be)).
  assert (S3err := rnd_plus_err (B2R (errors s)) re (B2R_F64 _) (fin_F64 _ _ (conj W2 W2e))).
  assert (S4err := rnd_plus_err (B2R (spread s)) Q (B2R_F64 _) (B2R_F64 _)).
  assert (P1 := Rabs_pos (B2R (errors s))). assert (P2 := Rabs_pos S0).
  rewrite (Rabs_pos_eq (B2R (size s) + Rabs P)) in S1err by lra.
  rewrite (Rabs_pos_eq (B2R (errors_size s) + Rabs re)) in S2err by lra.
  rewrite (Rabs_pos_eq (B2R (spread s) + Q)) in S4err by lra.
  apply Rabs_le_inv in S1err. apply Rabs_le_inv in S2err. apply Rabs_le_inv in S4err.
  set (w := (1 - u) ^ n) in *. set (g := (1 + u) ^ n) in *.
  exists (pp + P), (sp + Rabs P), (se + re), (sea + Rabs re), (q + Rabs X * rad).
  constructor; cbn [sum errors errors_size size spread terms]; fold X P.
  - now rewrite It.
  - repeat split; assumption.
  - rewrite W1e. unfold re. fold S0 P rs. lra.
  - rewrite S_INR. replace (t + X * v - (pp + P)) with ((t - pp) + (- (P - X * m) + X * (v - m))) by ring.
    apply (Rle_trans _ _ _ (Rabs_triang _ _)).
    assert (Y := Rabs_triang (- (P - X * m)) (X * (v - m))). rewrite Rabs_Ropp, Rabs_mult in Y.
    assert (Rabs X * Rabs (v - m) <= Rabs X * rad) by (apply Rmult_le_compat_l; [apply Rabs_pos | exact Hv]).
    lra.
  - rewrite V1e. change ((1 + u) ^ S n) with ((1 + u) * g).
    replace (rnd (B2R (errors s) + re) - (se + re)) with
      ((rnd (B2R (errors s) + re) - (B2R (errors s) + re)) + (B2R (errors s) - se)) by ring.
    apply (Rle_trans _ _ _ (Rabs_triang _ _)).
    assert (Y : Rabs (B2R (errors s) + re) <= Rabs (B2R (errors s) - se) + (sea + Rabs re)).
    { replace (B2R (errors s) + re) with ((B2R (errors s) - se) + (se + re)) by ring.
      apply (Rle_trans _ _ _ (Rabs_triang _ _)). generalize (Rabs_triang se re). lra. }
    assert (g0 : (g - 1) * sea <= (g - 1) * (sea + Rabs re)) by (apply Rmult_le_compat_l; lra).
    set (D := Rabs (B2R (errors s) - se)) in *. set (A := sea + Rabs re) in *.
    set (ga := (g - 1) * A) in *.
    assert (u * Rabs (B2R (errors s) + re) <= u * (D + A)) by (apply Rmult_le_compat_l; [rewrite U|]; lra).
    replace (((1 + u) * g - 1) * A) with (ga + u * (ga + A)) by (unfold ga; ring).
    assert (u * D <= u * ga) by (apply Rmult_le_compat_l; [rewrite U|]; lra). lra.
  - rewrite V2e. change ((1 - u) ^ S n) with ((1 - u) * w).
    assert (w * Rabs re <= Rabs re) by nra.
    replace ((1 - u) * w * (sea + Rabs re)) with ((1 - u) * (w * sea + w * Rabs re)) by ring.
    apply Rle_trans with ((1 - u) * (B2R (errors_size s) + Rabs re)); [apply Rmult_le_compat_l; [rewrite U|]; lra | lra].
  - rewrite Es. change ((1 - u) ^ S n) with ((1 - u) * w).
    assert (w * Rabs P <= Rabs P) by nra.
    replace ((1 - u) * w * (sp + Rabs P)) with ((1 - u) * (w * sp + w * Rabs P)) by ring.
    apply Rle_trans with ((1 - u) * (B2R (size s) + Rabs P)); [apply Rmult_le_compat_l; [rewrite U|]; lra | lra].
  - rewrite Eq. fold Q. change ((1 - u) ^ S n) with ((1 - u) * w). rewrite S_INR.
    destruct n as [|n'].
    + rewrite (Iz eq_refl), Rplus_0_l in *. rewrite (rnd_id Q) by apply B2R_F64.
      assert (q <= 0) by (generalize (Iq eq_refl); simpl; lra).
      replace q with 0 by lra. unfold w. simpl. rewrite U in *. lra.
    + assert (w1 : w <= 1 - u).
      { unfold w. change ((1 - u) ^ S n') with ((1 - u) * (1 - u) ^ n'). generalize (pow1u_pos n'). rewrite U. intros; nra. }
      set (Ne := INR (S n') * eta) in *. assert (Ne0 : 0 <= Ne) by (unfold Ne; nra).
      replace ((1 - u) * w * (q + Rabs X * rad)) with ((1 - u) * (w * q + w * (Rabs X * rad))) by ring.
      set (xr := Rabs X * rad) in *.
      assert (w * xr <= (1 - u) * xr) by (apply Rmult_le_compat_r; lra).
      apply Rle_trans with ((1 - u) * (B2R (spread s) + Ne + (Q + eta))).
      * apply Rmult_le_compat_l; [rewrite U; lra|]. rewrite U in *. lra.
      * replace ((INR (S n') + 1) * eta) with (Ne + eta) by (unfold Ne; ring). rewrite U in *. lra.
  - rewrite W1e, Es. apply rnd_abs_mono. apply (Rle_trans _ _ _ (Rabs_triang _ _)). lra.
  - rewrite V1e, V2e, Es. split; [apply rnd_abs_mono; lra | apply rnd_le; lra].
  - discriminate.
  - rewrite Eq, S_INR. fold Q. intros Z.
    assert (B2R (spread s) <= rnd (B2R (spread s) + Q)).
    { rewrite <- (rnd_id (B2R (spread s))) at 1 by apply B2R_F64. apply rnd_le. lra. }
    assert (Q <= rnd (B2R (spread s) + Q)).
    { rewrite <- (rnd_id Q) at 1 by apply B2R_F64. apply rnd_le. lra. }
    assert (Q = 0) by lra. assert (q <= INR n * eta) by (apply Iq; lra). nra.
  - repeat split; try lra. rewrite Eq. fold Q. apply rnd_ge0. lra.
  - generalize (Rabs_triang se re). lra.
Qed.

(** ** A whole sum *)
Definition within (t : f64 * ball) (v : R) : Prop := above (radius (snd t)) (Rabs (v - B2R (mid (snd t)))).
Definition pairs (l : list (f64 * ball)) (vs : list R) : list (R * R) := combine (map (fun t => B2R (fst t)) l) vs.

Lemma fold_inv l vs : Forall2 within l vs -> forall s n t pp sp se sea q,
  inv s n t pp sp se sea q -> ok (fold_left add l s) ->
  exists pp' sp' se' sea' q', inv (fold_left add l s) (length l + n) (t + rdot (pairs l vs)) pp' sp' se' sea' q'.
Proof.
  induction 1 as [|[x y] v l vs Hv _ IH]; intros s n t pp sp se sea q I H; cbn [fold_left pairs map combine rdot length] in *.
  - exists pp, sp, se, sea, q. rewrite Rplus_0_r. exact I.
  - destruct (add_inv s n t pp sp se sea q x y v I (ok_fold _ _ H) Hv) as [pp' [sp' [se' [sea' [q' I']]]]].
    destruct (IH _ _ _ _ _ _ _ _ I' H) as [p2 [s2 [e2 [a2 [q2 J]]]]].
    exists p2, s2, e2, a2, q2. cbn [fst]. rewrite <- Rplus_assoc.
    replace (S (length l) + n)%nat with (length l + S n)%nat by lia. exact J.
Qed.

(** Magnitudes never become negative. *)
Definition nn (x : f64) : bool :=
  match x with B754_infinity s => negb s | B754_finite s _ _ _ => negb s | _ => true end.

Lemma nn_ge0 x : nn x = true -> is_finite x = true -> 0 <= B2R x.
Proof.
  destruct x as [s|s| |[|] m e H]; try easy; intros _ _; [apply Rle_refl | left; apply pos_finite_gt0].
Qed.

Lemma nn_rounds z r : 0 <= r -> rounds z r -> nn z = true.
Proof.
  intros r0. unfold rounds. case Rlt_bool_spec; intros O.
  - intros [E F]. destruct z as [s|s| |[|] m e H]; try easy.
    generalize (neg_finite_lt0 m e H), (rnd_ge0 r r0). lra.
  - rewrite Rlt_bool_false by exact r0. intros ->. reflexivity.
Qed.

Lemma nn_add x y : nn x = true -> nn y = true -> nn (fadd x y) = true.
Proof.
  intros Nx Ny. destruct (is_finite x) eqn:Fx, (is_finite y) eqn:Fy.
  - apply (nn_rounds _ (B2R x + B2R y)); [|now apply fadd_rounds].
    generalize (nn_ge0 x Nx Fx), (nn_ge0 y Ny Fy). lra.
  - destruct x as [s|[|]| |[|] m e H], y as [t|[|]| |[|] m' e' H']; try discriminate; reflexivity.
  - destruct x as [s|[|]| |[|] m e H], y as [t|[|]| |[|] m' e' H']; try discriminate; reflexivity.
  - destruct x as [s|[|]| |[|] m e H], y as [t|[|]| |[|] m' e' H']; try discriminate; reflexivity.
Qed.

Lemma nn_mul x y : nn y = true -> nn (fmul (Babs x) y) = true.
Proof.
  intros Ny. destruct (is_finite x) eqn:Fx, (is_finite y) eqn:Fy.
  - apply (nn_rounds _ (B2R (Babs x) * B2R y)); [|apply fmul_rounds; [now rewrite is_finite_Babs | exact Fy]].
    rewrite B2R_Babs. apply Rmult_le_pos; [apply Rabs_pos | now apply nn_ge0].
  - destruct x as [s|[|]| |[|] m e H], y as [t|[|]| |[|] m' e' H']; try discriminate; reflexivity.
  - destruct x as [s|[|]| |[|] m e H], y as [t|[|]| |[|] m' e' H']; try discriminate; destruct t || idtac; reflexivity.
  - destruct x as [s|[|]| |[|] m e H], y as [t|[|]| |[|] m' e' H']; try discriminate; reflexivity.
Qed.

Lemma nn_abs x : nn (Babs x) = true.
Proof. now destruct x. Qed.

Lemma nn_fold l vs : Forall2 within l vs -> forall s, nn (size s) = true -> nn (spread s) = true ->
  nn (size (fold_left add l s)) = true /\ nn (spread (fold_left add l s)) = true.
Proof.
  induction 1 as [|[x y] v l vs [Nv Hv] _ IH]; intros s H1 H2; [now split|].
  cbn [fold_left]. apply IH; rewrite two_sum_state; cbn [size spread].
  - apply nn_add; [exact H1 | apply nn_abs].
  - apply nn_add; [exact H2 | apply nn_mul]. cbn [snd] in *. destruct (radius y) as [t|[|]| |[|] m e H]; try easy.
    generalize (neg_finite_lt0 m e H), (Rabs_pos (v - B2R (mid y))). simpl in Hv. simpl. lra.
Qed.

Lemma terms_fold l : forall s, terms (fold_left add l s) = (length l + terms s)%nat.
Proof.
  induction l as [|[x y] l IH]; intros s; [reflexivity|]. cbn [fold_left length]. rewrite IH, two_sum_state. cbn [terms]. lia.
Qed.

(** ** gamma *)
Lemma of_nat_fin n : (Z.of_nat n < 2 ^ 53)%Z -> fin (of_nat n) (INR n).
Proof.
  intros H. generalize (binary_normalize_correct prec emax _ _ mode_NE (Z.of_nat n) 0 false).
  assert (E : F2R (Float radix2 (Z.of_nat n) 0) = INR n) by (unfold F2R; cbn [Fnum Fexp bpow]; rewrite Rmult_1_r; symmetry; apply INR_IZR_INZ).
  cbv zeta. rewrite E. change (round radix2 (SpecFloat.fexp prec emax) (round_mode mode_NE) (INR n)) with (rnd (INR n)).
  rewrite rnd_id.
  - rewrite Rlt_bool_true; [intros [A [B _]]; now split|].
    rewrite Rabs_pos_eq by apply pos_INR. rewrite INR_IZR_INZ.
    apply Rlt_trans with (bpow radix2 53); [|now apply bpow_lt].
    change (bpow radix2 53) with (IZR (2 ^ 53)). now apply IZR_lt.
  - rewrite <- E. apply generic_format_FLT. exists (Float radix2 (Z.of_nat n) 0); [reflexivity | | easy].
    cbn [Fnum]. rewrite Z.abs_eq by lia. exact H.
Qed.

Lemma ipoint_fin x v : fin x v -> contains (ipoint x) v.
Proof. intros [F <-]. now apply ipoint_sound. Qed.

Lemma ione_one : contains ione 1.
Proof. change ione with (ipoint Bone). apply ipoint_fin. split; [reflexivity | apply Bone_correct]. Qed.

Lemma nu_lt n : (Z.of_nat n < 2 ^ 53)%Z -> 0 <= INR n * u < 1.
Proof.
  intros H. assert (N := pos_INR n). rewrite u_val. split; [lra|].
  assert (INR n < 9007199254740992); [|lra].
  rewrite INR_IZR_INZ. change 9007199254740992 with (IZR (2 ^ 53)). now apply IZR_lt.
Qed.

Lemma unit_roundoff_fin : fin unit_roundoff u.
Proof.
  split; [reflexivity|]. change (bpow radix2 52 * bpow radix2 (-105) = u). now rewrite <- bpow_plus.
Qed.

Theorem gamma_f_above n : (Z.of_nat n < 2 ^ 53)%Z -> above (gamma_f n) (gamma n).
Proof.
  intros H. assert (L := nu_lt n H). unfold gamma_f, gamma.
  assert (C : contains (imul (ipoint (of_nat n)) (ipoint unit_roundoff)) (INR n * u)).
  { apply imul_sound; apply ipoint_fin; [now apply of_nat_fin | exact unit_roundoff_fin]. }
  apply (idiv_zero _ _ _ _ C (isub_sound _ _ _ _ ione_one C)). lra.
Qed.

Lemma gamma_ge n : 0 <= INR n * u < 1 -> INR n * u <= gamma n /\ (1 + u) ^ n - 1 <= gamma n.
Proof.
  intros H. unfold gamma. assert (P := pow1u_le n (proj2 H)).
  assert (I : 0 < / (1 - INR n * u)) by (apply Rinv_0_lt_compat; lra).
  assert (E : INR n * u / (1 - INR n * u) = / (1 - INR n * u) - 1) by (field; lra).
  rewrite E. split; [|lra]. set (a := INR n * u) in *.
  assert (1 + a <= / (1 - a)); [|lra].
  apply (Rmult_le_reg_r (1 - a)); [lra|]. rewrite Rinv_l by lra. nra.
Qed.

Lemma gamma_1_finite : is_finite (gamma_f 1) = true.
Proof. vm_cast_no_check (eq_refl true). Qed.

Lemma gamma_1 : u <= B2R (gamma_f 1).
Proof.
  assert (A := gamma_f_above 1 eq_refl). assert (L1 := nu_lt 1 eq_refl). destruct (gamma_ge 1 L1) as [K _].
  apply (Rle_trans _ (gamma 1)); [change (INR 1) with 1 in K; rewrite Rmult_1_l in K; exact K | apply upper_sound; [exact gamma_1_finite | apply A]].
Qed.

Lemma quarter_max_le : B2R quarter_max <= bpow radix2 1022.
Proof.
  change (9007199254740991 * bpow radix2 969 <= bpow radix2 (53 + 969)).
  rewrite bpow_plus. apply Rmult_le_compat_r; [apply bpow_ge_0|]. change (bpow radix2 53) with 9007199254740992. lra.
Qed.

Lemma one_half_val : B2R one_half = / 2.
Proof.
  change (4503599627370496 * bpow radix2 (-53) = / 2). change (bpow radix2 (-53)) with (/ 9007199254740992). lra.
Qed.

Lemma smallest_fin : fin smallest (bpow radix2 (-1074)).
Proof. split; [reflexivity | exact (Rmult_1_l _)]. Qed.

(** The real inequalities, away from any float. *)
Lemma raised_ge w N h a x g : 0 < 1 - g -> 1 - g <= w -> 0 <= a -> 0 <= N * h -> w * a <= x + N * h ->
  a <= (x + N * (2 * h)) / (1 - g).
Proof.
  intros g1 gw a0 n0 H. apply (Rmult_le_reg_r (1 - g)); [exact g1|].
  unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  assert (a * (1 - g) <= a * w) by (apply Rmult_le_compat_l; assumption). lra.
Qed.

Lemma radius_enough v h N w W g g1 sz es t pp sp se sea q sm er vague :
  0 < v -> 0 <= N * h -> 1 <= W -> W - 1 <= g -> 1 - g <= w -> 0 < 1 - g -> v <= g1 ->
  sm + se = pp -> Rabs (t - pp) <= v * sp + N * h + q -> Rabs (er - se) <= (W - 1) * sea ->
  w * sea <= es -> w * sp <= sz -> 0 <= sp -> 0 <= sea -> N * h + q <= N * (2 * h) + vague ->
  Rabs (t - (sm + er)) <= g1 * ((sz + N * (2 * h)) / (1 - g)) + N * (2 * h) + g * ((es + N * (2 * h)) / (1 - g)) + vague.
Proof.
  intros v0 n0 W1 Wg gw g0 vg Hs Ht He Hes Hsz p0 e0 Hq.
  assert (R1 := raised_ge w N h sp sz g g0 gw p0 n0 ltac:(lra)).
  assert (R2 := raised_ge w N h sea es g g0 gw e0 n0 ltac:(lra)).
  replace (t - (sm + er)) with ((t - pp) + - (er - se)) by (rewrite <- Hs; ring).
  apply (Rle_trans _ _ _ (Rabs_triang _ _)). rewrite Rabs_Ropp.
  assert (v * sp <= g1 * ((sz + N * (2 * h)) / (1 - g))) by (apply Rmult_le_compat; lra).
  assert ((W - 1) * sea <= g * ((es + N * (2 * h)) / (1 - g))) by (apply Rmult_le_compat; lra).
  lra.
Qed.

(** The end of [enclosure], from a state of which the invariant holds. *)
Lemma enclosure_core s n t pp sp se sea q (gf gf1 : f64) (g g1 : R) (U O : itv) :
  inv s n t pp sp se sea q ->
  (1 + u) ^ n - 1 <= g -> 1 - g <= (1 - u) ^ n -> g < / 2 -> u <= g1 ->
  contains U (INR n * (2 * eta)) -> contains (ipoint gf) g -> contains O (1 - g) -> contains (ipoint gf1) g1 ->
  let raised x := idiv (iadd (ipoint x) U) O in
  let r := hi (iadd (iadd (iadd (imul (ipoint gf1) (raised (size s))) U)
    (imul (ipoint gf) (raised (errors_size s)))) (if eq0 (spread s) then izero else raised (spread s))) in
  contains (iadd (iadd (ipoint (sum s)) (ipoint (errors s))) (Itv (Bopp r) r)) t.
Proof.
  intros I. destruct I as [_ [I1 [I2 [I3 [I4 I5]]]] Is Ix Ie Ies Isz Isp _ _ _ Iq [N1 [N2 [N3 N4]]] _].
  assert (W1 := pow1u_ge1 n). assert (u0 := u_pos). assert (NN := pos_INR n). assert (h0 := eta_pos). revert W1 u0 NN h0 Is Ix Ie Ies Isz Isp Iq.
  generalize u eta (INR n). intros v h N W1 u0 NN h0 Is Ix Ie Ies Isz Isp Iq.
  revert W1 Ie Ies Isz Isp. generalize ((1 + v) ^ n) ((1 - v) ^ n). intros W w W1 Ie Ies Isz Isp.
  intros G2 B Lg H1 Cu Cg Cd C1 raised.
  assert (n0 : 0 <= N * h) by (apply Rmult_le_pos; lra).
  assert (Cr : forall x, is_finite x = true -> contains (raised x) ((B2R x + N * (2 * h)) / (1 - g))).
  { intros x Fx. apply idiv_zero; [|exact Cd | lra].
    apply iadd_sound; [now apply ipoint_sound | exact Cu]. }
  clearbody raised.
  assert (Cv : exists vague, contains (if eq0 (spread s) then izero else raised (spread s)) vague /\
      N * h + q <= N * (2 * h) + vague).
  { destruct (eq0 (spread s)) eqn:Z.
    - exists 0. split; [apply izero_sound|]. apply eq0_ord in Z. generalize (Iq (proj2 Z)). lra.
    - eexists. split; [exact (Cr _ I5)|].
      assert (R3 := raised_ge w N h q (B2R (spread s)) g ltac:(lra) ltac:(lra) N3 n0 Isp). lra. }
  destruct Cv as [vague [Cv Hq]]. revert Cv. generalize (if eq0 (spread s) then izero else raised (spread s)).
  intros V Cv.
  assert (Crad := iadd_sound _ _ _ _ (iadd_sound _ _ _ _ (iadd_sound _ _ _ _ (imul_sound _ _ _ _ C1 (Cr _ I4)) Cu)
     (imul_sound _ _ _ _ Cg (Cr _ I3))) Cv).
  assert (D := radius_enough v h N w W g g1 (B2R (size s)) (B2R (errors_size s)) t pp sp se sea q (B2R (sum s)) (B2R (errors s)) vague
     u0 n0 W1 ltac:(lra) ltac:(lra) ltac:(lra) H1 Is Ix Ie Ies Isz N1 N2 Hq).
  revert Crad D.
  generalize (g1 * ((B2R (size s) + N * (2 * h)) / (1 - g)) + N * (2 * h)
    + g * ((B2R (errors_size s) + N * (2 * h)) / (1 - g)) + vague).
  intros rad [_ Crad]. revert Crad. cbv zeta.
  generalize (hi (iadd (iadd (iadd (imul (ipoint gf1) (raised (size s))) U) (imul (ipoint gf) (raised (errors_size s)))) V)).
  intros r [Nr Hr] D. apply Rabs_le_inv in D.
  replace t with ((B2R (sum s) + B2R (errors s)) + (t - (B2R (sum s) + B2R (errors s)))) by ring.
  apply iadd_sound; [apply iadd_sound; now apply ipoint_sound|].
  split; cbn [lo hi].
  - apply below_opp. rewrite Bopp_involutive. split; [exact Nr|]. apply (upper_le _ rad); [lra | exact Hr].
  - split; [exact Nr|]. apply (upper_le _ rad); [lra | exact Hr].
Qed.

Lemma enclosure_state s n t pp sp se sea q g : (Z.of_nat n < 2 ^ 53)%Z -> inv s n t pp sp se sea q ->
  fin (gamma_f n) g -> gamma n <= g -> g < / 2 ->
  let U := imul (ipoint (of_nat n)) (ipoint smallest) in
  let raised x := idiv (iadd (ipoint x) U) (isub ione (ipoint (gamma_f n))) in
  let r := hi (iadd (iadd (iadd (imul (ipoint (gamma_f 1)) (raised (size s))) U)
    (imul (ipoint (gamma_f n)) (raised (errors_size s)))) (if eq0 (spread s) then izero else raised (spread s))) in
  contains (iadd (iadd (ipoint (sum s)) (ipoint (errors s))) (Itv (Bopp r) r)) t.
Proof.
  intros Hn I Fg Gg Lg. destruct (gamma_ge n (nu_lt n Hn)) as [G1 G2].
  refine (enclosure_core s n t pp sp se sea q (gamma_f n) (gamma_f 1) g (B2R (gamma_f 1)) _ _ I _ _ Lg gamma_1 _ (ipoint_fin _ _ Fg) _ (ipoint_sound _ gamma_1_finite)).
  - exact (Rle_trans _ _ _ G2 Gg).
  - apply (Rle_trans _ (1 - INR n * u)); [|exact (bernoulli_minus n (nu_lt n Hn))].
    apply Rplus_le_compat_l, Ropp_le_contravar. exact (Rle_trans _ _ _ G1 Gg).
  - rewrite eta_half. exact (imul_sound _ _ _ _ (ipoint_fin _ _ (of_nat_fin n Hn)) (ipoint_fin _ _ smallest_fin)).
  - exact (isub_sound _ _ _ _ ione_one (ipoint_fin _ _ Fg)).
Qed.

Lemma Bltb_upper x y : nn x = true -> is_finite y = true -> Bltb x y = true -> is_finite x = true /\ B2R x < B2R y.
Proof.
  intros Nx Fy C. assert (Fx : is_finite x = true) by (destruct x as [|[|]| |], y as [|[|]| |]; easy).
  split; [exact Fx|]. rewrite Bltb_correct in C by assumption. revert C. now case Rlt_bool_spec.
Qed.

Lemma Bltb_inf x : nn x = true -> Bltb x Binf = true -> is_finite x = true.
Proof. destruct x as [|[|]| |]; easy. Qed.

Lemma above_half x r : above x r -> Bltb x one_half = true -> exists g, fin x g /\ r <= g /\ g < / 2.
Proof.
  intros [N A] C. assert (F : is_finite x = true) by (destruct x as [|[|]| |]; easy).
  exists (B2R x). split; [now split|]. split; [now apply upper_sound|].
  rewrite Bltb_correct in C by (exact F || reflexivity). rewrite <- one_half_val. revert C. now case Rlt_bool_spec.
Qed.

Theorem enclosure_sound l vs : (Z.of_nat (length l) < 2 ^ 53)%Z -> Forall2 within l vs ->
  contains (enclosure (fold_left add l start)) (rdot (pairs l vs)).
Proof.
  intros Hn Hl.
  destruct (nn_fold l vs Hl start eq_refl eq_refl) as [Nsz Nsp].
  assert (Ht := terms_fold l start). cbn [terms start] in Ht. rewrite Nat.add_0_r in Ht.
  assert (FI := fold_inv l vs Hl start 0 0 0 0 0 0 0 start_inv).
  set (s := fold_left add l start) in *. clearbody s.
  unfold enclosure. destruct (terms s) as [|n'] eqn:T.
  { destruct l; [|discriminate Ht]. inversion Hl. exact izero_sound. }
  rewrite Ht. set (n := length l) in *.
  destruct (Bltb (size s) quarter_max) eqn:C1; [|apply ientire_sound].
  destruct (Bltb (spread s) Binf) eqn:C2; [|apply ientire_sound].
  destruct (Bltb (gamma_f n) one_half) eqn:C3; [|apply ientire_sound].
  destruct (Bltb_upper (size s) quarter_max Nsz (eq_refl true) C1) as [Fsz Bsz].
  assert (OK : ok s).
  { split; [exact Fsz|]. split; [|now apply Bltb_inf].
    exact (Rlt_le _ _ (Rlt_le_trans _ _ _ Bsz quarter_max_le)). }
  destruct (above_half _ _ (gamma_f_above n Hn) C3) as [g [Fg [Gg Lg]]].
  destruct (FI OK) as [pp [sp [se [sea [q I]]]]].
  rewrite Nat.add_0_r, Rplus_0_l in I.
  exact (enclosure_state s n _ pp sp se sea q g Hn I Fg Gg Lg).
Qed.

(** A dot product of floats: every radius is 0. *)
Definition exactly (p : f64 * f64) : f64 * ball := (fst p, Ball (snd p) Bzero).
Definition dot_f (l : list (f64 * f64)) : itv := enclosure (fold_left add (map exactly l) start).

Theorem dot_sound l : (Z.of_nat (length l) < 2 ^ 53)%Z -> contains (dot_f l) (rdot (reals l)).
Proof.
  intros Hn. unfold dot_f.
  replace (rdot (reals l)) with (rdot (pairs (map exactly l) (map (fun p => B2R (snd p)) l))).
  - apply enclosure_sound; [now rewrite map_length|].
    clear Hn. induction l as [|[x y] l IH]; constructor; [|exact IH].
    split; [reflexivity|]. simpl. rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. lra.
  - clear Hn. unfold reals, pairs. induction l as [|[x y] l IH]; [reflexivity|]. cbn [map combine rdot fst snd exactly].
    now rewrite IH.
Qed.
