(** * Recollection: carrying the forgotten kicks through the linearised steps.

    Instead of adding the forgotten gradients back unchanged, recollection
    multiplies them by the linearised retained steps that follow:
      v_0 = 0,   v_{k+1} = v_k - eta_k H_k v_k + eta_k drop_k(theta_k),
    where H_k is the Jacobian of keep_k at theta_k, used only through products
    with vectors.  The corrected model is theta_t + v_t.

    Definitions
    - [recollect]: the vector v_k.
    - [recollect_bound gap]: e_{k+1} = c_k e_k + (eta_k Q_k / 2) gap_k^2, e_0 = 0.
    - [recollect_radius]: the same with gap_k = |v_k| + e_k, which the algorithm
      can compute.

    Theorems
    - [exact], [exact_quadratic]: if keep_k is affine with linear part H_k, then
      theta_t + v_t is the retrained model.
    - [error_gap]: |theta_t + v_t - phi_t| <= e_t for any gap_k >= |phi_k - theta_k|,
      in particular the true one ([error_true_gap]).
    - [error]: |theta_t + v_t - phi_t| <= e_t with the computable recursion; the
      second-order remainder is needed only on balls of radius |v_k| + e_k around
      the recorded path.
    - [recollect_bound_sum]: the recursion in closed form.
    - [error_matrix]: the same with matrices and constants that hold everywhere.
    - [error_masked], [exact_quadratic_masked]: the same behind a pruning mask.
    - [hessian_step_contracts]: c_k = 1 - eta_k mu_k from curvature bounds.
    Axiom-free, over any real closed field. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Mask Step Trajectory.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Recollection.
Variables (R : rcfType) (d : nat).
Variables (keep drop : nat -> 'cV[R]_d -> 'cV[R]_d).
Variables (eta : nat -> R) (theta0 : 'cV[R]_d).
Variable hvp : nat -> 'cV[R]_d -> 'cV[R]_d.

Local Notation theta := (train keep drop eta theta0).
Local Notation phi := (retrain keep eta theta0).

Fixpoint recollect k : 'cV[R]_d :=
  if k is j.+1
  then recollect j - eta j *: hvp j (recollect j) + eta j *: drop j (theta j)
  else 0.

Local Notation v := recollect.
Local Notation err k := (theta k + v k - phi k).

(** What the linear model of keep_k at theta_k misses. *)
Definition remainder k y : 'cV[R]_d := keep k y - keep k (theta k) - hvp k (y - theta k).

Variable t : nat.
Hypothesis hvpB : forall k x y, (k < t)%N -> hvp k (x - y) = hvp k x - hvp k y.

(** The error follows the linearised step, plus the remainder. *)
Lemma recollect_step k : (k < t)%N ->
  err k.+1 = gd_step (eta k) (hvp k) (err k) + eta k *: remainder k (phi k).
Proof.
move=> kt; rewrite /gd_step /remainder.
have -> : hvp k (err k) = hvp k (v k) - hvp k (phi k - theta k).
  by rewrite -hvpB //; congr (hvp k _); vring.
rewrite /=; move: (keep k (theta k)) (keep k (phi k)) (drop k (theta k)) => a b c.
move: (hvp k (v k)) (hvp k (phi k - theta k)) => p q.
by move: (v k) (theta k) (phi k) => x y z; vring.
Qed.

(** ** No remainder, no error *)
Theorem exact :
  (forall k, (k < t)%N -> remainder k (phi k) = 0) -> theta t + v t = phi t.
Proof.
move=> rem0; apply/eqP; rewrite -subr_eq0; apply/eqP.
suff H k : (k <= t)%N -> err k = 0 by exact: H.
elim: k => [|k IH] kt; first by rewrite /= addr0 subrr.
have h0 : hvp k 0 = 0 by have := hvpB 0 0 kt; rewrite !subrr.
by rewrite recollect_step // rem0 // IH ?(ltnW kt) // /gd_step h0 !scaler0 addr0 subr0.
Qed.

(** ** Second-order error *)
Variables (c Q : nat -> R).
Hypothesis eta_ge0 : forall k, (k < t)%N -> 0 <= eta k.
Hypothesis c_ge0 : forall k, (k < t)%N -> 0 <= c k.
Hypothesis contract : forall k, (k < t)%N ->
  norm (gd_step (eta k) (hvp k) (err k)) <= c k * norm (err k).

Fixpoint recollect_bound (gap : nat -> R) k : R :=
  if k is j.+1
  then c j * recollect_bound gap j + eta j * Q j / 2%:R * gap j ^+ 2
  else 0.

Lemma recollect_bound_sum gap n :
  recollect_bound gap n
  = \sum_(k < n) eta k * Q k / 2%:R * gap k ^+ 2 * \prod_(k.+1 <= i < n) c i.
Proof.
elim: n => [|n IH]; first by rewrite big_ord0.
rewrite big_ord_recr /= [\prod_(n.+1 <= i < n.+1) _]big_geq // mulr1; congr (_ + _).
rewrite IH mulr_sumr; apply: eq_bigr => k _; rewrite big_nat_recr //=.
by rewrite mulrCA [c n * _]mulrC.
Qed.

Lemma recollect_bound_step gap k : (k < t)%N ->
  norm (remainder k (phi k)) <= Q k / 2%:R * gap k ^+ 2 ->
  norm (err k) <= recollect_bound gap k ->
  norm (err k.+1) <= recollect_bound gap k.+1.
Proof.
move=> kt rem IH; rewrite recollect_step //.
apply: le_trans (norm_triangle _ _) _; apply: ler_add.
  apply: le_trans (contract kt) _.
  by rewrite ler_wpmul2l ?c_ge0.
by rewrite normZ ger0_norm ?eta_ge0 // -!mulrA ler_wpmul2l ?eta_ge0 // mulrA.
Qed.

Theorem error_gap gap :
  (forall k, (k < t)%N -> 0 <= Q k) ->
  (forall k, (k < t)%N -> norm (phi k - theta k) <= gap k) ->
  (forall k, (k < t)%N ->
     norm (remainder k (phi k)) <= Q k / 2%:R * norm (phi k - theta k) ^+ 2) ->
  norm (theta t + v t - phi t) <= recollect_bound gap t.
Proof.
move=> Q0 gapP rem; suff H k : (k <= t)%N -> norm (err k) <= recollect_bound gap k by exact: H.
elim: k => [|k IH] kt; first by rewrite /= addr0 subrr norm0.
apply: recollect_bound_step => //; last exact/IH/ltnW.
apply: le_trans (rem k kt) _; rewrite ler_wpmul2l ?divr_ge0 ?Q0 ?ler0n //.
have g0 : 0 <= gap k by apply: le_trans (norm_ge0 _) (gapP k kt).
by rewrite ler_sqr ?nnegrE ?norm_ge0 // gapP.
Qed.

Corollary error_true_gap :
  (forall k, (k < t)%N -> 0 <= Q k) ->
  (forall k, (k < t)%N ->
     norm (remainder k (phi k)) <= Q k / 2%:R * norm (phi k - theta k) ^+ 2) ->
  norm (theta t + v t - phi t) <= recollect_bound (fun k => norm (phi k - theta k)) t.
Proof. by move=> Q0 rem; apply: error_gap. Qed.

(** The recursion that the algorithm can run: |phi_k - theta_k| is at most
    |v_k| plus the error so far. *)
Fixpoint recollect_radius k : R :=
  if k is j.+1
  then c j * recollect_radius j
       + eta j * Q j / 2%:R * (norm (v j) + recollect_radius j) ^+ 2
  else 0.

Lemma recollect_radiusE k :
  recollect_radius k = recollect_bound (fun j => norm (v j) + recollect_radius j) k.
Proof. by elim: k => //= k ->. Qed.

Variable S : nat -> 'cV[R]_d -> Prop.
Hypothesis S_phi : forall k, (k < t)%N -> S k (phi k).

Theorem error :
  (forall k, (k < t)%N -> 0 <= Q k) ->
  (forall k y, (k < t)%N -> S k y -> norm (y - theta k) <= norm (v k) + recollect_radius k ->
     norm (remainder k y) <= Q k / 2%:R * norm (y - theta k) ^+ 2) ->
  norm (theta t + v t - phi t) <= recollect_radius t.
Proof.
move=> Q0 rem; suff H k : (k <= t)%N -> norm (err k) <= recollect_radius k by exact: H.
elim: k => [|k IH] kt; first by rewrite /= addr0 subrr norm0.
have {}IH := IH (ltnW kt).
have gap : norm (phi k - theta k) <= norm (v k) + recollect_radius k.
  have -> : phi k - theta k = v k - err k by vring.
  by apply: le_trans (norm_triangleB _ _) _; rewrite ler_add2l.
rewrite recollect_radiusE; apply: recollect_bound_step => //; last by rewrite -recollect_radiusE.
apply: le_trans (rem k _ kt (S_phi kt) gap) _.
rewrite ler_wpmul2l ?divr_ge0 ?Q0 ?ler0n //.
by rewrite ler_sqr ?nnegrE ?norm_ge0 // (le_trans (norm_ge0 _) gap).
Qed.

End Recollection.

(** ** Products with a matrix *)
Section Matrix.
Variables (R : rcfType) (d : nat).
Variables (keep drop : nat -> 'cV[R]_d -> 'cV[R]_d).
Variables (eta : nat -> R) (theta0 : 'cV[R]_d) (H : nat -> 'M[R]_d).

Local Notation theta := (train keep drop eta theta0).
Local Notation phi := (retrain keep eta theta0).
Local Notation hvp := (fun k x => H k *m x).
Local Notation v := (recollect keep drop eta theta0 hvp).

(** Quadratic losses: keep_k is affine with matrix H_k. *)
Theorem exact_quadratic (b : nat -> 'cV[R]_d) t :
  (forall k x, (k < t)%N -> keep k x = H k *m x + b k) -> theta t + v t = phi t.
Proof.
move=> affine; apply: exact => [k x y _|k kt]; first exact: mulmxBr.
by rewrite /remainder !affine // opprD addrACA subrr addr0 -mulmxBr subrr.
Qed.

(** Losses with a Q_k-Lipschitz Jacobian, everywhere. *)
Theorem error_matrix (c Q : nat -> R) t :
  (forall k, (k < t)%N -> 0 <= eta k) -> (forall k, (k < t)%N -> 0 <= c k) ->
  (forall k, (k < t)%N -> 0 <= Q k) ->
  (forall k x, (k < t)%N -> norm (x - eta k *: (H k *m x)) <= c k * norm x) ->
  (forall k y, (k < t)%N ->
     norm (keep k y - keep k (theta k) - H k *m (y - theta k))
     <= Q k / 2%:R * norm (y - theta k) ^+ 2) ->
  norm (theta t + v t - phi t) <= recollect_radius keep drop eta theta0 hvp c Q t.
Proof.
move=> e0 c0 Q0 ct rem.
apply: (@error _ _ keep drop eta theta0 hvp t _ c Q e0 c0 _ (fun _ _ => True)) => //.
- by move=> k x y _; exact: mulmxBr.
- by move=> k kt; exact: ct.
by move=> k y kt _ _; exact: rem.
Qed.
End Matrix.

(** ** Behind a pruning mask
    The Jacobian of the masked gradient is the mask of the Jacobian's product;
    contraction is needed for masked directions only. *)
Section Masked.
Variables (R : rcfType) (d : nat) (m : pred 'I_d).
Variables (g r : nat -> 'cV[R]_d -> 'cV[R]_d).
Variables (eta : nat -> R) (theta0 : 'cV[R]_d) (H : nat -> 'M[R]_d).

Local Notation keep := (masked_run m g).
Local Notation drop := (masked_run m r).
Local Notation theta := (train keep drop eta theta0).
Local Notation phi := (retrain keep eta theta0).
Local Notation hvp := (fun k x => mask m (H k *m x)).
Local Notation v := (recollect keep drop eta theta0 hvp).

Lemma masked_recollect k : masked m (v k).
Proof.
elim: k => [|k IH]; first exact: masked0.
by rewrite /= maskedD ?maskedB ?maskedZ ?masked_mask.
Qed.

Theorem error_masked (c Q : nat -> R) t :
  (forall k, (k < t)%N -> 0 <= eta k) -> (forall k, (k < t)%N -> 0 <= c k) ->
  (forall k, (k < t)%N -> 0 <= Q k) ->
  (forall k x, (k < t)%N -> masked m x ->
     norm (x - eta k *: mask m (H k *m x)) <= c k * norm x) ->
  (forall k y, (k < t)%N -> mask_plane m theta0 y ->
     norm (y - theta k) <= norm (v k) + recollect_radius keep drop eta theta0 hvp c Q k ->
     norm (mask m (g k y - g k (theta k) - H k *m (y - theta k)))
     <= Q k / 2%:R * norm (y - theta k) ^+ 2) ->
  norm (theta t + v t - phi t) <= recollect_radius keep drop eta theta0 hvp c Q t.
Proof.
move=> e0 c0 Q0 ct rem.
apply: (@error _ _ keep drop eta theta0 hvp t _ c Q e0 c0 _ (fun _ => mask_plane m theta0)) => //.
- by move=> k x y _; rewrite mulmxBr maskB.
- move=> k kt; apply: ct => //.
  have -> : theta k + v k - phi k = (theta k - phi k) + v k by vring.
  rewrite maskedD ?masked_recollect // (@mask_planeB _ _ _ theta0) //.
    exact: masked_train.
  exact: masked_retrain.
- by move=> k _; exact: masked_retrain.
move=> k y kt Sy near; rewrite /remainder /masked_run /= -!maskB.
exact: rem.
Qed.
Theorem exact_quadratic_masked (b : nat -> 'cV[R]_d) t :
  (forall k x, (k < t)%N -> g k x = H k *m x + b k) -> theta t + v t = phi t.
Proof.
move=> affine; apply: exact => [k x y _|k kt]; first by rewrite mulmxBr maskB.
rewrite /remainder /masked_run /= !affine // -!maskB.
by rewrite opprD addrACA subrr addr0 -mulmxBr subrr mask0.
Qed.

End Masked.

(** ** Where the factors c_k come from
    A symmetric H with mu |x|^2 <= <x, H x> <= L |x|^2 in masked directions and
    eta (L + mu) <= 2 contracts them by 1 - eta mu.  ([m = predT]: no mask.) *)
Theorem hessian_step_contracts (R : rcfType) d (m : pred 'I_d) (H : 'M[R]_d) (eta mu L : R) :
  mu <= L -> 0 <= eta -> eta * (L + mu) <= 2%:R -> H^T = H ->
  (forall x, masked m x -> mu * norm x ^+ 2 <= dot x (H *m x) <= L * norm x ^+ 2) ->
  forall x, masked m x -> norm (x - eta *: mask m (H *m x)) <= (1 - eta * mu) * norm x.
Proof.
move=> muL eta0 etaL sym ray x mx.
pose f (y : 'cV[R]_d) := dot y (H *m y) / 2%:R.
pose S := mask_plane m (0 : 'cV[R]_d).
have expand y z : f z = f y + dot (H *m y) (z - y) + dot (z - y) (H *m (z - y)) / 2%:R.
  have e : dot y (H *m z) = dot z (H *m y) by rewrite dot_mulmx sym dotC.
  rewrite /f mulmxBr !dotE e (dotC (H *m y) z) (dotC (H *m y) y).
  by field.
have cv : convex_on S mu f (mulmx H).
  move=> y z Sy Sz; rewrite (expand y z) ler_add2l mulrAC ler_wpmul2r ?invr_ge0 ?ler0n //.
  by case/andP: (ray _ (mask_planeB Sz Sy)).
have sm : smooth_on S L f (mulmx H).
  move=> y z Sy Sz; rewrite (expand y z) ler_add2l [X in _ <= X]mulrAC.
  rewrite ler_wpmul2r ?invr_ge0 ?ler0n //.
  by case/andP: (ray _ (mask_planeB Sz Sy)).
have id_S y : S y -> mask_plane m 0 y by [].
have Sx : S x by rewrite /S /mask_plane subr0.
have S0 : S 0 by rewrite /S /mask_plane subr0 masked0.
have := step_contracts_smooth muL eta0 etaL (@mask_flat _ _ m 0 (mulmx H))
          (mask_convex_on id_S cv) (mask_smooth_on id_S sm) Sx S0.
by rewrite /gd_step /= mulmx0 mask0 scaler0 !subr0.
Qed.
