(** * Retrain or update: the headline theorems behind sharded retraining, direct
    updates and relabelling, every hypothesis written out.  Nothing is proved
    here. *)
From mathcomp Require Import all_ssreflect all_algebra.
From Unlearn Require Import Euclid Convex Step Trajectory.
From Unlearn Require Additive Amended Direct Relabel Shards.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section MainHybrid.
Variables (R : rcfType) (d : nat).
Implicit Types (keep drop : nat -> 'cV[R]_d -> 'cV[R]_d) (eta : nat -> R).

(** Additive.additive_error: prepared vectors, added up on request.  [w] is carried
    through the curvature [full] of whole batches; [avg k] turns the way from the
    recorded to the retrained parameters into the change of the retained gradient. *)
Theorem additive_error keep drop eta theta0 (full hvp avg : nat -> 'cV[R]_d -> 'cV[R]_d)
    (c Q V D G : nat -> R) t :
  let theta := train keep drop eta theta0 in
  let phi := retrain keep eta theta0 in
  let w := Additive.carried eta full (fun j => drop j (theta j)) in
  (forall k, (k < t)%N -> 0 <= eta k) -> (forall k, (k < t)%N -> 0 <= c k) ->
  (forall k, (k < t)%N -> 0 <= Q k) ->
  (forall k, (k < t)%N -> norm (w k) <= V k) ->
  (forall k, (k < t)%N -> norm (full k (w k) - hvp k (w k)) <= D k * V k) ->
  (forall k x y, (k < t)%N -> avg k (x - y) = avg k x - avg k y) ->
  (forall k, (k < t)%N -> keep k (phi k) - keep k (theta k) = avg k (phi k - theta k)) ->
  (forall k x, (k < t)%N -> norm (x - eta k *: avg k x) <= c k * norm x) ->
  (forall k x, (k < t)%N ->
     norm (avg k x - hvp k x) <= Q k / 2%:R * norm (phi k - theta k) * norm x) ->
  (forall k, (k < t)%N -> norm (phi k - theta k) <= G k) ->
  norm (theta t + w t - phi t) <= Additive.additive_radius eta c Q V D G t.
Proof.
cbv zeta => e0 c0 Q0 wV restD avgB change contract near gapG.
exact: (Additive.additive_error e0 c0 Q0 wV restD avgB change contract near gapG).
Qed.

(** Direct.plain_error_bound: subtraction without propagation, quadratic losses. *)
Theorem plain_error_bound keep drop eta theta0 (H : nat -> 'M[R]_d) (b : nat -> 'cV[R]_d)
    (L : nat -> R) t :
  let theta := train keep drop eta theta0 in
  let kick k := eta k *: drop k (theta k) in
  (forall k x, (k < t)%N -> keep k x = H k *m x + b k) ->
  (forall k, (k < t)%N -> 0 <= eta k) ->
  (forall k x, (k < t)%N -> norm (H k *m x) <= L k * norm x) ->
  (forall k x, (k < t)%N -> norm (x - eta k *: (H k *m x)) <= norm x) ->
  norm (theta t + \sum_(k < t) kick k - retrain keep eta theta0 t)
  <= \sum_(k < t) (\sum_(k.+1 <= j < t) eta j * L j) * norm (kick k).
Proof.
cbv zeta => affine e0 shift nonexpansive.
exact: (Direct.plain_error_bound drop theta0 affine e0 shift nonexpansive).
Qed.

(** Amended.amended_error: a fine-tuned model [x] against a run that it did not follow,
    from an update [u] with a known bound and from where the run ends.  [F] is the
    gradient of the objective on the rows that are kept. *)
Theorem amended_error keep eta theta0 t (mu B : R) (F : 'cV[R]_d -> 'cV[R]_d)
    (c L : nat -> R) x u xs :
  let phi := retrain keep eta theta0 in
  let delta := norm (F x) / mu in
  (forall k, (k < t)%N -> 0 <= eta k) ->
  0 < mu -> strongly_monotone mu F -> F xs = 0 ->
  (forall k, (k < t)%N -> 0 <= c k) ->
  (forall k y z, (k < t)%N ->
     norm ((y - eta k *: keep k y) - (z - eta k *: keep k z)) <= c k * norm (y - z)) ->
  (forall k, (k < t)%N -> 0 <= L k) -> (forall k, (k < t)%N -> lipschitz (L k) (keep k)) ->
  norm (u - phi t) <= B ->
  norm (x - phi t)
  <= Num.min (B + norm (x - u))
       (delta + ((\prod_(k < t) c k) * (norm (theta0 - x) + delta)
                 + \sum_(k < t) (\prod_(k.+1 <= j < t) c j)
                                * (eta k * (norm (keep k x) + L k * delta)))).
Proof.
cbv zeta => e0 mu0 sm Fxs c0 contract L0 lip bound.
rewrite -(Amended.end_radius_sum eta c (fun k => norm (keep k x) + L k * (norm (F x) / mu))).
have lips k (kt : (k < t)%N) :
  lipschitz_on (@everywhere R d) (c k) (gd_step (eta k) (keep k)).
  by move=> y z _ _; exact: contract.
exact: (@Amended.amended_error R d keep eta theta0 t e0 mu B F c L x u xs).
Qed.

(** Amended.run_distance_full: once every step is one of [F], the run forgets. *)
Theorem run_distance_full keep eta theta0 t (mu L e : R) f (F : 'cV[R]_d -> 'cV[R]_d) xs s :
  let phi := retrain keep eta theta0 in
  (forall k, (k < t)%N -> 0 <= eta k) -> (s <= t)%N ->
  mu <= L -> e * (L + mu) <= 2%:R ->
  strongly_convex mu f F -> smooth L f F -> F xs = 0 ->
  (forall k x, (s <= k)%N -> (k < t)%N -> keep k x = F x) ->
  (forall k, (s <= k)%N -> (k < t)%N -> eta k = e) ->
  norm (phi t - xs) <= (1 - e * mu) ^+ (t - s) * norm (phi s - xs).
Proof.
cbv zeta => e0 st muL eL cv sf Fxs same const.
exact: (Amended.run_distance_full theta0 e0 st muL eL cv sf Fxs same const).
Qed.

(** Relabel.relabel_exact: least squares on the labels Zu wr. *)
Theorem relabel_exact n m (Zr : 'M[R]_(n, d)) (Zu : 'M[R]_(m, d)) (yr : 'cV[R]_n)
    (wr start w : 'cV[R]_d) :
  let Z := col_mx Zr Zu in
  Zr^T *m (Zr *m wr - yr) = 0 ->
  Z^T *m (Z *m w - col_mx yr (Zu *m wr)) = 0 ->
  (exists a, wr - start = Z^T *m a) -> (exists a, w - start = Z^T *m a) -> w = wr.
Proof. by cbv zeta; exact: Relabel.relabel_exact. Qed.

(** Relabel.zero_slope_exact: any loss, labels with zero slope at the retrained model. *)
Theorem zero_slope_exact (mu : R) (kept relabelled : 'cV[R]_d -> 'cV[R]_d) wr w :
  0 < mu -> strongly_monotone mu (fun x => kept x + relabelled x) ->
  kept wr = 0 -> relabelled wr = 0 -> kept w + relabelled w = 0 -> w = wr.
Proof. exact: Relabel.zero_slope_exact. Qed.
End MainHybrid.

(** Shards.sequential_cost: K sequential requests on S shards of N rows in all. *)
Theorem sequential_cost (F : numFieldType) K (N S : F) : S != 0 ->
  \sum_(i < K) \sum_(j < i.+1)
     (S^-1 ^+ j * (1 - S^-1) ^+ (i - j) *+ 'C(i, j)) * (N / S - 1 - j%:R)
  = (N / S + (2%:R * S)^-1 - 1) * K%:R - K%:R ^+ 2 / (2%:R * S).
Proof. exact: Shards.sequential_cost. Qed.

(** Shards.slicing_cost_exact: slices visited, summed over all batches of K requests. *)
Theorem slicing_cost_exact R K :
  (\sum_(f : {ffun 'I_K -> 'I_R}) \sum_(j < R | [exists i, f i <= j]) j.+1
   = \sum_(j < R) j.+1 * (R ^ K - (R - j.+1) ^ K))%N.
Proof. exact: Shards.slicing_cost_exact. Qed.
