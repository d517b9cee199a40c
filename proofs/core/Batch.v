(** * Batch: mini-batches of rows, and the constants that they imply.

    Row [i] has the loss [f i] with gradient [g i]; the regulariser has the loss
    [freg] with gradient [greg].  Step [k] of training visits the rows of the
    list [B k] with weight [w k] (usually one over the size of the batch);
    retraining visits the rows of [B k] outside the forget set [F], with weight
    [w' k].  [w' = w] keeps the original normalisation; w' k = one over the
    number of rows left is the renormalised batch.

    Definitions
    - [rows_grad], [rows_loss]: weighted sum over the rows of a list that satisfy
      a predicate.
    - [batch_keep], [batch_drop]: the two parts of the batch gradient.
    - [batch_L k] = w'_k sum_{retained} L_i + L_reg, a Lipschitz constant of the
      retained part; [batch_R k] = w_k sum_{forgotten} L_i
      + |w_k - w'_k| sum_{retained} L_i, one of the dropped part.

    Theorems
    - [batch_split]: the parts add up to the gradient of the training batch;
      [batch_train]: so [train] is ordinary mini-batch descent.
    - [minibatch_error_general], [minibatch_error_convex],
      [minibatch_error_strongly_convex], [minibatch_error_smooth],
      [minibatch_error_sharp]: the bounds of [Sgd] and [Averaged] from the constants of the rows and of the regulariser, behind a mask.
    - [minibatch_noop_general], [minibatch_noop_smooth]: the error of doing nothing.
    Axiom-free, over any real closed field. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Mask Step Trajectory Sgd Averaged.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

(** ** Constants of sums *)
Section Sums.
Variables (R : rcfType) (d : nat) (S : 'cV[R]_d -> Prop).
Implicit Types (f : 'cV[R]_d -> R) (g : 'cV[R]_d -> 'cV[R]_d) (w mu L : R).

Lemma lipschitz_on_add L L' g g' :
  lipschitz_on S L g -> lipschitz_on S L' g' ->
  lipschitz_on S (L + L') (fun x => g x + g' x).
Proof.
move=> lg lg' x y Sx Sy; rewrite opprD addrACA mulrDl.
by apply: le_trans (norm_triangle _ _) _; apply: ler_add; [apply: lg | apply: lg'].
Qed.

Lemma lipschitz_on_scale w L g :
  lipschitz_on S L g -> lipschitz_on S (`|w| * L) (fun x => w *: g x).
Proof.
by move=> lg x y Sx Sy; rewrite -scalerBr normZ -mulrA ler_wpmul2l ?lg.
Qed.

Lemma convex_on_add mu mu' f f' g g' :
  convex_on S mu f g -> convex_on S mu' f' g' ->
  convex_on S (mu + mu') (fun x => f x + f' x) (fun x => g x + g' x).
Proof.
move=> cf cf' x y Sx Sy; apply: le_trans (ler_add (cf x y Sx Sy) (cf' x y Sx Sy)).
by rewrite le_eqVlt; apply/orP; left; apply/eqP; rewrite dotDl; field.
Qed.

Lemma convex_on_scale w mu f g : 0 <= w ->
  convex_on S mu f g -> convex_on S (w * mu) (fun x => w * f x) (fun x => w *: g x).
Proof.
move=> w0 cf x y Sx Sy; apply: le_trans (ler_wpmul2l w0 (cf x y Sx Sy)).
by rewrite le_eqVlt; apply/orP; left; apply/eqP; rewrite dotZl; field.
Qed.

Lemma smooth_on_add L L' f f' g g' :
  smooth_on S L f g -> smooth_on S L' f' g' ->
  smooth_on S (L + L') (fun x => f x + f' x) (fun x => g x + g' x).
Proof.
move=> sf sf' x y Sx Sy; apply: le_trans (ler_add (sf x y Sx Sy) (sf' x y Sx Sy)) _.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; rewrite dotDl; field.
Qed.

Lemma smooth_on_scale w L f g : 0 <= w ->
  smooth_on S L f g -> smooth_on S (w * L) (fun x => w * f x) (fun x => w *: g x).
Proof.
move=> w0 sf x y Sx Sy; apply: le_trans (ler_wpmul2l w0 (sf x y Sx Sy)) _.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; rewrite dotZl; field.
Qed.

Variables (I : Type) (r : seq I) (P : pred I).

Lemma lipschitz_on_sum (L : I -> R) (g : I -> 'cV[R]_d -> 'cV[R]_d) :
  (forall i, P i -> lipschitz_on S (L i) (g i)) ->
  lipschitz_on S (\sum_(i <- r | P i) L i) (fun x => \sum_(i <- r | P i) g i x).
Proof.
move=> lg x y Sx Sy; rewrite -sumrB mulr_suml.
apply: le_trans (norm_sum _ _ _) _; apply: ler_sum => i Pi; exact: lg.
Qed.

Lemma convex_on_sum (f : I -> 'cV[R]_d -> R) (g : I -> 'cV[R]_d -> 'cV[R]_d) :
  (forall i, P i -> convex_on S 0 (f i) (g i)) ->
  convex_on S 0 (fun x => \sum_(i <- r | P i) f i x) (fun x => \sum_(i <- r | P i) g i x).
Proof.
move=> cf x y Sx Sy.
have -> : dot (\sum_(i <- r | P i) g i x) (y - x) = \sum_(i <- r | P i) dot (g i x) (y - x).
  by apply: (big_morph (fun v => dot v (y - x))) => [u v|]; rewrite ?dotDl ?dot0l.
rewrite !mul0r addr0 -big_split; apply: ler_sum => i Pi.
by have := cf i Pi x y Sx Sy; rewrite !mul0r addr0.
Qed.

Lemma smooth_on_sum (L : I -> R) (f : I -> 'cV[R]_d -> R) (g : I -> 'cV[R]_d -> 'cV[R]_d) :
  (forall i, P i -> smooth_on S (L i) (f i) (g i)) ->
  smooth_on S (\sum_(i <- r | P i) L i)
    (fun x => \sum_(i <- r | P i) f i x) (fun x => \sum_(i <- r | P i) g i x).
Proof.
move=> sf x y Sx Sy.
have -> : dot (\sum_(i <- r | P i) g i x) (y - x) = \sum_(i <- r | P i) dot (g i x) (y - x).
  by apply: (big_morph (fun v => dot v (y - x))) => [u v|]; rewrite ?dotDl ?dot0l.
rewrite !mulr_suml -!big_split; apply: ler_sum => i Pi.
exact: sf.
Qed.
End Sums.

(** ** Ridge regulariser *)
Section Ridge.
Variables (R : rcfType) (d : nat) (S : 'cV[R]_d -> Prop) (lam : R).

Definition ridge_loss (x : 'cV[R]_d) : R := lam / 2%:R * norm x ^+ 2.
Definition ridge_grad (x : 'cV[R]_d) : 'cV[R]_d := lam *: x.

Lemma ridge_expand x y :
  ridge_loss y = ridge_loss x + dot (ridge_grad x) (y - x) + lam / 2%:R * norm (y - x) ^+ 2.
Proof. by rewrite /ridge_loss /ridge_grad !norm_sq !dotE (dotC y x); field. Qed.

Lemma ridge_convex : convex_on S lam ridge_loss ridge_grad.
Proof. by move=> x y _ _; rewrite -ridge_expand. Qed.

Lemma ridge_smooth : smooth_on S lam ridge_loss ridge_grad.
Proof. by move=> x y _ _; rewrite -ridge_expand. Qed.
End Ridge.

(** ** Mini-batches *)
Section Batch.
Variables (R : rcfType) (d : nat) (I : Type).
Variables (f : I -> 'cV[R]_d -> R) (g : I -> 'cV[R]_d -> 'cV[R]_d).
Variables (freg : 'cV[R]_d -> R) (greg : 'cV[R]_d -> 'cV[R]_d).
Variables (B : nat -> seq I) (F : pred I) (w w' : nat -> R).

Definition rows_loss (r : seq I) (P : pred I) : 'cV[R]_d -> R :=
  fun x => \sum_(i <- r | P i) f i x.
Definition rows_grad (r : seq I) (P : pred I) : 'cV[R]_d -> 'cV[R]_d :=
  fun x => \sum_(i <- r | P i) g i x.

Definition batch_loss k : 'cV[R]_d -> R :=
  fun x => w' k * rows_loss (B k) (predC F) x + freg x.
Definition batch_keep k : 'cV[R]_d -> 'cV[R]_d :=
  fun x => w' k *: rows_grad (B k) (predC F) x + greg x.
Definition batch_drop k : 'cV[R]_d -> 'cV[R]_d :=
  fun x => w k *: rows_grad (B k) F x + (w k - w' k) *: rows_grad (B k) (predC F) x.

Theorem batch_split k x :
  batch_keep k x + batch_drop k x = w k *: rows_grad (B k) predT x + greg x.
Proof.
have -> : rows_grad (B k) predT x = rows_grad (B k) F x + rows_grad (B k) (predC F) x.
  by rewrite /rows_grad (bigID F).
rewrite /batch_keep /batch_drop.
by move: (rows_grad _ _ x) (rows_grad _ _ x) (greg x) => a b c; vring.
Qed.

(** Keeping the normalisation drops the forgotten rows only. *)
Lemma batch_drop_same k x : w' k = w k -> batch_drop k x = w k *: rows_grad (B k) F x.
Proof. by move=> e; rewrite /batch_drop e subrr scale0r addr0. Qed.

Variables (m : pred 'I_d) (eta : nat -> R) (theta0 : 'cV[R]_d) (t : nat).
Local Notation keep := (masked_run m batch_keep).
Local Notation drop := (masked_run m batch_drop).
Local Notation theta := (train keep drop eta theta0).
Local Notation phi := (retrain keep eta theta0).
Local Notation u := (addback keep drop eta theta0).
Local Notation a k := (eta k * norm (mask m (batch_drop k (theta k)))).
Local Notation plane := (mask_plane m theta0).

(** Training is mini-batch descent on all rows. *)
Theorem batch_train k :
  theta k.+1 = theta k - eta k *: mask m (w k *: rows_grad (B k) predT (theta k) + greg (theta k)).
Proof. by rewrite /= /masked_run /= -maskD batch_split. Qed.

Variables (L : I -> R) (Lreg : R).
Definition batch_L k : R := w' k * (\sum_(i <- B k | ~~ F i) L i) + Lreg.
Definition batch_R k : R :=
  w k * (\sum_(i <- B k | F i) L i) + `|w k - w' k| * (\sum_(i <- B k | ~~ F i) L i).

Hypothesis eta_ge0 : forall k, (k < t)%N -> 0 <= eta k.
Hypothesis w_ge0 : forall k, (k < t)%N -> 0 <= w k.
Hypothesis w'_ge0 : forall k, (k < t)%N -> 0 <= w' k.
Hypothesis L_ge0 : forall i, 0 <= L i.
Hypothesis Lreg_ge0 : 0 <= Lreg.
Variable ref : nat -> 'cV[R]_d.
Hypothesis ref_in : forall k, (k < t)%N -> plane (ref k).

Lemma batch_L_ge0 k : (k < t)%N -> 0 <= batch_L k.
Proof.
move=> kt; rewrite addr_ge0 // mulr_ge0 ?w'_ge0 //.
by apply: sumr_ge0 => i _; apply: L_ge0.
Qed.

(** *** Any rows with Lipschitz gradients *)
Section Lipschitz.
Hypothesis g_lip : forall i, lipschitz_on plane (L i) (mask m \o g i).
Hypothesis greg_lip : lipschitz_on plane Lreg (mask m \o greg).

Lemma mask_sum (r : seq I) (P : pred I) (h : I -> 'cV[R]_d) :
  mask m (\sum_(i <- r | P i) h i) = \sum_(i <- r | P i) mask m (h i).
Proof. by apply: (big_morph (mask m)) => [x y|]; rewrite ?maskD ?mask0. Qed.

Lemma rows_lipschitz r P :
  lipschitz_on plane (\sum_(i <- r | P i) L i) (mask m \o rows_grad r P).
Proof.
move=> x y Sx Sy; rewrite /= /rows_grad !mask_sum.
exact: (@lipschitz_on_sum R d plane I r P L (fun i => mask m \o g i) (fun i _ => g_lip i) x y Sx Sy).
Qed.

Lemma batch_keep_lipschitz k : (k < t)%N ->
  lipschitz_on plane (batch_L k) (mask m \o batch_keep k).
Proof.
move=> kt x y Sx Sy.
have h := lipschitz_on_add (lipschitz_on_scale (w' k) (rows_lipschitz (B k) (predC F))) greg_lip.
have := h x y Sx Sy; rewrite ger0_norm ?w'_ge0 //=.
by rewrite /batch_keep !maskD !maskZ.
Qed.

Lemma batch_drop_lipschitz k : (k < t)%N ->
  lipschitz_on plane (batch_R k) (mask m \o batch_drop k).
Proof.
move=> kt x y Sx Sy.
have h := lipschitz_on_add (lipschitz_on_scale (w k) (rows_lipschitz (B k) F))
            (lipschitz_on_scale (w k - w' k) (rows_lipschitz (B k) (predC F))).
have := h x y Sx Sy; rewrite [`|w k|]ger0_norm ?w_ge0 //=.
by rewrite /batch_drop !maskD !maskZ.
Qed.

Theorem minibatch_error_general :
  norm (u ref t - phi t) <=
    \sum_(k < t) (eta k * batch_R k * norm (theta k - ref k)
                  + a k * (\prod_(k.+1 <= i < t) (1 + eta i * batch_L i) - 1)).
Proof.
apply: unlearn_error_general_masked => //.
- exact: batch_L_ge0.
- exact: batch_drop_lipschitz.
exact: batch_keep_lipschitz.
Qed.

Theorem minibatch_noop_general :
  norm (theta t - phi t) <=
    \sum_(k < t) a k * \prod_(k.+1 <= i < t) (1 + eta i * batch_L i).
Proof.
apply: noop_error_general_masked => //; first exact: batch_L_ge0.
exact: batch_keep_lipschitz.
Qed.
End Lipschitz.

(** *** Convex rows *)
Section ConvexRows.
Variable mu : R.
Hypothesis mu_ge0 : 0 <= mu.
Hypothesis mu_le : mu <= Lreg.
Hypothesis f_convex : forall i, convex_on plane 0 (f i) (g i).
Hypothesis f_smooth : forall i, smooth_on plane (L i) (f i) (g i).
Hypothesis freg_convex : convex_on plane mu freg greg.
Hypothesis freg_smooth : smooth_on plane Lreg freg greg.

Let id_plane x : plane x -> mask_plane m theta0 x. Proof. by []. Qed.

Lemma convex_row_lipschitz i : lipschitz_on plane (L i) (mask m \o g i).
Proof.
apply: cocoercive_lipschitz_on => //.
exact: (baillon_haddad_on (L_ge0 i) (@mask_flat _ _ m theta0 (g i))
          (mask_convex_on id_plane (f_convex i)) (mask_smooth_on id_plane (f_smooth i))).
Qed.

Lemma convex_drop_lipschitz k : (k < t)%N ->
  lipschitz_on plane (batch_R k) (mask m \o batch_drop k).
Proof. by move=> kt; apply: batch_drop_lipschitz => // i; apply: convex_row_lipschitz. Qed.

Lemma batch_smooth k : (k < t)%N -> smooth_on plane (batch_L k) (batch_loss k) (batch_keep k).
Proof.
move=> kt; apply: smooth_on_add freg_smooth; apply: smooth_on_scale; first exact: w'_ge0.
by apply: smooth_on_sum.
Qed.

Lemma batch_convex k : (k < t)%N -> convex_on plane mu (batch_loss k) (batch_keep k).
Proof.
move=> kt; rewrite -[mu]add0r -[X in convex_on _ (X + _)](mulr0 (w' k)).
apply: convex_on_add freg_convex; apply: convex_on_scale; first exact: w'_ge0.
by apply: convex_on_sum.
Qed.

Theorem minibatch_error_convex :
  (forall k, (k < t)%N -> eta k * batch_L k <= 2%:R) ->
  norm (u ref t - phi t) <=
    \sum_(k < t) (eta k * batch_R k * norm (theta k - ref k)
                  + a k * Num.min (\sum_(k.+1 <= i < t) eta i * batch_L i) 2%:R).
Proof.
move=> etaL.
apply: (unlearn_error_convex_masked eta_ge0 batch_L_ge0 ref_in convex_drop_lipschitz
          (f := batch_loss)) => //; first exact: batch_smooth.
by move=> k kt; apply: convex_on_weaken mu_ge0 (batch_convex kt).
Qed.

Theorem minibatch_error_strongly_convex :
  (forall k, (k < t)%N -> eta k * (batch_L k + mu) <= 2%:R) ->
  norm (u ref t - phi t) <=
    \sum_(k < t) (eta k * batch_R k * norm (theta k - ref k)
      + a k * Num.min
          (\sum_(k.+1 <= i < t) eta i * batch_L i * \prod_(k.+1 <= j < i) (1 - eta j * mu))
          (1 + \prod_(k.+1 <= i < t) (1 - eta i * mu))).
Proof.
move=> etaL.
apply: (unlearn_error_strongly_convex_masked eta_ge0 batch_L_ge0 ref_in convex_drop_lipschitz
          (f := batch_loss) _ (mu := fun=> mu)) => //.
- exact: batch_smooth.
- move=> k kt; rewrite mu_ge0 /=; apply: le_trans mu_le _; rewrite ler_addr.
  by rewrite mulr_ge0 ?w'_ge0 // sumr_ge0.
by move=> k kt; apply: batch_convex.
Qed.

(** Any step sizes. *)
Let mu_batch k : (k < t)%N -> mu <= batch_L k.
Proof.
move=> kt; apply: le_trans mu_le _; rewrite ler_addr.
by rewrite mulr_ge0 ?w'_ge0 // sumr_ge0.
Qed.

Theorem minibatch_error_smooth :
  norm (u ref t - phi t) <=
    \sum_(k < t) (eta k * batch_R k * norm (theta k - ref k)
      + a k * Num.min
          (\sum_(k.+1 <= i < t)
             eta i * batch_L i * \prod_(k.+1 <= j < i) step_factor (eta j) mu (batch_L j))
          (1 + \prod_(k.+1 <= i < t) step_factor (eta i) mu (batch_L i))).
Proof.
apply: (unlearn_error_smooth_masked eta_ge0 batch_L_ge0 ref_in convex_drop_lipschitz
          (f := batch_loss) _ (mu := fun=> mu)) => //.
- exact: batch_smooth.
- by move=> k kt; rewrite mu_ge0 mu_batch.
by move=> k kt; apply: batch_convex.
Qed.

(** The sharper factor. *)
Theorem minibatch_error_sharp :
  (forall k, (k < t)%N -> eta k * (batch_L k + mu) < 2%:R) ->
  norm (u ref t - phi t) <=
    \sum_(k < t) (eta k * batch_R k * norm (theta k - ref k)
      + a k * sharp_factor (\prod_(k.+1 <= i < t) (1 - eta i * mu))
                           (\sum_(k.+1 <= i < t) step_slack (eta i) mu (batch_L i))).
Proof.
move=> small.
apply: (unlearn_error_sharp_masked eta_ge0 ref_in convex_drop_lipschitz
          (f := batch_loss) (mu := fun=> mu) (L := batch_L)) => //.
- by move=> k kt; rewrite mu_ge0 mu_batch.
- by move=> k kt; apply: batch_convex.
exact: batch_smooth.
Qed.

Theorem minibatch_noop_smooth :
  norm (theta t - phi t) <=
    \sum_(k < t) a k * \prod_(k.+1 <= i < t) step_factor (eta i) mu (batch_L i).
Proof.
apply: (noop_error_smooth_masked batch_drop eta_ge0 batch_smooth (mu := fun=> mu)) => //.
by move=> k kt; apply: batch_convex.
Qed.
End ConvexRows.
End Batch.
