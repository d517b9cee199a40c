(** * Trajectory: a training run, the run without the forgotten rows, and the
    model that adds the forgotten gradients back.

    At step [k] the gradient of the batch splits into [keep k], the part that
    retraining also sees (retained rows and regulariser), and [drop k], the part
    that the forgotten rows contribute.  Both are arbitrary maps on vectors; a
    pruning mask is already part of them (see [masked_run]).

    Definitions
    - [train]: theta_{k+1} = theta_k - eta_k (keep_k + drop_k)(theta_k).
    - [retrain]: phi_{k+1} = phi_k - eta_k keep_k(phi_k), from the same start.
    - [addback ref t]: theta_t + sum_{k<t} eta_k drop_k(ref_k), for any reference
      points; [ref = fun=> theta0] and [ref = fun=> theta_t] evaluate every
      gradient at one point, [ref = theta] uses the gradients that were applied.
    - [renormalised_keep], [renormalised_drop]: the split when retraining divides
      each batch by the number of rows that are left in it.

    Theorems
    - [addback_gap], [addback_ref]: the exact error of [addback train], and what
      other reference points change.
    - [renormalised_split]: the renormalised parts still add up to the gradient
      of the batch; [renormalised_keep_lipschitz], [renormalised_drop_lipschitz]:
      their constants.
    - [masked_train], [masked_retrain]: masked runs never leave the affine
      subspace of the mask.
    Axiom-free, over any real closed field. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Mask Step.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Trajectory.
Variables (R : rcfType) (d : nat).
Variables (keep drop : nat -> 'cV[R]_d -> 'cV[R]_d).
Variables (eta : nat -> R) (theta0 : 'cV[R]_d).

Fixpoint train k : 'cV[R]_d :=
  if k is j.+1 then train j - eta j *: (keep j (train j) + drop j (train j))
  else theta0.

Fixpoint retrain k : 'cV[R]_d :=
  if k is j.+1 then retrain j - eta j *: keep j (retrain j) else theta0.

Definition addback (ref : nat -> 'cV[R]_d) t : 'cV[R]_d :=
  train t + \sum_(k < t) eta k *: drop k (ref k).

(** One training step is the retained step followed by the forgotten kick. *)
Lemma train_step k :
  train k.+1 = gd_step (eta k) (keep k) (train k) - eta k *: drop k (train k).
Proof.
by rewrite /= /gd_step scalerDr opprD addrA.
Qed.

Lemma retrain_step k : retrain k.+1 = gd_step (eta k) (keep k) (retrain k).
Proof. by []. Qed.

(** Changing the reference points moves the add-back model by exactly this. *)
Lemma addback_ref ref t :
  addback ref t = addback train t + \sum_(k < t) eta k *: (drop k (ref k) - drop k (train k)).
Proof.
rewrite /addback -addrA -big_split /=; congr (_ + _); apply: eq_bigr => k _.
by rewrite -scalerDr addrCA subrr addr0.
Qed.

Lemma addback_gap t :
  addback train t - retrain t
  = - (\sum_(k < t) eta k *: (keep k (train k) - keep k (retrain k))).
Proof.
elim: t => [|t IH]; first by rewrite /addback /= !big_ord0 addr0 subrr oppr0.
rewrite [in RHS]big_ord_recr /= [RHS]opprD -IH /addback big_ord_recr /=.
move: (keep t (train t)) (drop t (train t)) (keep t (retrain t)) (\sum_(_ < t) _).
by move: (train t) (retrain t) => x y a b c s; vring.
Qed.

End Trajectory.

(** ** Masked runs *)
Section MaskedRun.
Variables (R : rcfType) (d : nat) (m : pred 'I_d).
Variables (keep drop : nat -> 'cV[R]_d -> 'cV[R]_d).
Variables (eta : nat -> R) (theta0 : 'cV[R]_d).

(** A mask applied to both parts of every gradient. *)
Definition masked_run (g : nat -> 'cV[R]_d -> 'cV[R]_d) : nat -> 'cV[R]_d -> 'cV[R]_d :=
  fun k => mask m \o g k.

Lemma masked_train k :
  mask_plane m theta0 (train (masked_run keep) (masked_run drop) eta theta0 k).
Proof.
elim: k => [|k IH]; first by rewrite /mask_plane /= subrr masked0.
rewrite /mask_plane /= addrAC maskedB // maskedZ //.
by rewrite maskedD ?masked_mask.
Qed.

Lemma masked_retrain k : mask_plane m theta0 (retrain (masked_run keep) eta theta0 k).
Proof.
elim: k => [|k IH]; first by rewrite /mask_plane /= subrr masked0.
exact: mask_plane_step.
Qed.

(** Training with a mask on the gradient of the batch is such a run. *)
Lemma masked_split k x :
  mask m (keep k x + drop k x) = masked_run keep k x + masked_run drop k x.
Proof. exact: maskD. Qed.
End MaskedRun.

(** ** Renormalised batches
    [h] and [r] are the retained and forgotten rows' parts of the batch gradient,
    both divided by the size of the full batch; [rho] is the forgotten share of
    the batch and [reg] the gradient of the regulariser.  A batch without
    retained rows ([rho = 1], [h = 0]) is covered: its retained part is [reg]. *)
Section Renormalised.
Variables (R : rcfType) (d : nat).
Implicit Types (h r reg : 'cV[R]_d -> 'cV[R]_d) (rho L : R).

Definition renormalised_keep rho h reg : 'cV[R]_d -> 'cV[R]_d :=
  fun x => (1 - rho)^-1 *: h x + reg x.

Definition renormalised_drop rho h r : 'cV[R]_d -> 'cV[R]_d :=
  fun x => r x - (rho / (1 - rho)) *: h x.

Theorem renormalised_split rho h r reg x : rho != 1 \/ h x = 0 ->
  renormalised_keep rho h reg x + renormalised_drop rho h r x = h x + r x + reg x.
Proof.
rewrite /renormalised_keep /renormalised_drop => -[rho1|->]; last first.
  by rewrite !scaler0 subr0 add0r addrC add0r.
have nz : 1 - rho != 0 by rewrite subr_eq0 eq_sym.
have e : (1 - rho)^-1 = 1 + rho / (1 - rho) by field.
move: (rho / _) e => c ->; move: (h x) (r x) (reg x) => a b z; vring.
Qed.

Lemma renormalised_keep_lipschitz S rho h reg Lh Lreg : rho <= 1 ->
  lipschitz_on S Lh h -> lipschitz_on S Lreg reg ->
  lipschitz_on S (Lh / (1 - rho) + Lreg) (renormalised_keep rho h reg).
Proof.
move=> rho1 lh lr x y Sx Sy.
have c0 : 0 <= (1 - rho)^-1 by rewrite invr_ge0 subr_ge0.
have -> : renormalised_keep rho h reg x - renormalised_keep rho h reg y
        = (1 - rho)^-1 *: (h x - h y) + (reg x - reg y).
  rewrite /renormalised_keep; move: (_^-1) (h x) (h y) (reg x) (reg y) => c p q s z.
  by vring.
apply: le_trans (norm_triangle _ _) _; rewrite mulrDl normZ ger0_norm //.
by apply: ler_add; rewrite ?lr // (mulrC Lh) -mulrA ler_wpmul2l // lh.
Qed.

Lemma renormalised_drop_lipschitz S rho h r Lh Lr : 0 <= rho <= 1 ->
  lipschitz_on S Lh h -> lipschitz_on S Lr r ->
  lipschitz_on S (Lr + rho / (1 - rho) * Lh) (renormalised_drop rho h r).
Proof.
move=> /andP[rho0 rho1] lh lr x y Sx Sy.
have c0 : 0 <= rho / (1 - rho) by rewrite divr_ge0 // subr_ge0.
have -> : renormalised_drop rho h r x - renormalised_drop rho h r y
        = (r x - r y) - (rho / (1 - rho)) *: (h x - h y).
  rewrite /renormalised_drop; move: (_ / _) (h x) (h y) (r x) (r y) => c p q s z.
  by vring.
apply: le_trans (norm_triangleB _ _) _; rewrite mulrDl normZ ger0_norm //.
by apply: ler_add; rewrite ?lr // -mulrA ler_wpmul2l // lh.
Qed.

End Renormalised.
