(** * Amended: how far a model that was fine-tuned is from a run that it did not
    follow.

    A run of gradient steps forgets its start and its early stages at the rate at
    which its last steps contract.  Where those descend on one objective, the end
    of the run is near the minimiser of that objective, and so is a model whose
    gradient is small: the two are near each other, whatever was deleted.

    Definitions
    - [end_radius c G D k]: E_0 = D, E_{k+1} = c_k E_k + eta_k G_k.

    Theorems
    - [end_radius_sum]: E_t = (prod c_k) D + sum_k (prod_{j>k} c_j) eta_k G_k.
    - [run_distance]: |phi_t - xs| <= E_t when step k contracts towards xs by c_k
      and G_k >= |g_k xs|, D >= |phi_0 - xs|.
    - [run_distance_full]: if from step s on every step is a step of F itself,
      |phi_t - xs| <= (1 - eta mu)^(t-s) |phi_s - xs|, eta (L + mu) <= 2.
    - [amended_end]: |x - phi_t| <= delta + E_t, delta = |grad F(x)| / mu, with
      everything evaluated at x: G_k = |g_k(x)| + L_k delta and
      D = |phi_0 - x| + delta.
    - [amended_way]: |x - phi_t| <= B + |x - u| when |u - phi_t| <= B.
    - [amended_error]: the smaller of the two.
    Axiom-free, over any real closed field. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Step Trajectory.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Amended.
Variables (R : rcfType) (d : nat).
Variables (g : nat -> 'cV[R]_d -> 'cV[R]_d) (eta : nat -> R) (theta0 : 'cV[R]_d).

Local Notation phi := (retrain g eta theta0).

Fixpoint end_radius (c G : nat -> R) (D : R) k : R :=
  if k is j.+1 then c j * end_radius c G D j + eta j * G j else D.

Lemma end_radius_sum c G D t :
  end_radius c G D t
  = (\prod_(k < t) c k) * D
    + \sum_(k < t) (\prod_(k.+1 <= j < t) c j) * (eta k * G k).
Proof.
elim: t => [|t IH]; first by rewrite !big_ord0 mul1r addr0.
rewrite /= big_ord_recr /= big_ord_recr /= big_geq // mul1r IH mulrDr addrA.
congr (_ + _ + _); first by rewrite mulrA [c t * _]mulrC.
rewrite mulr_sumr; apply: eq_bigr => k _.
by rewrite [in RHS]big_nat_recr //= mulrA [c t * _]mulrC.
Qed.

Variable t : nat.
Hypothesis eta_ge0 : forall k, (k < t)%N -> 0 <= eta k.

Theorem run_distance (c G : nat -> R) (D : R) xs :
  (forall k, (k < t)%N -> 0 <= c k) ->
  (forall k x, (k < t)%N ->
     norm (gd_step (eta k) (g k) x - gd_step (eta k) (g k) xs) <= c k * norm (x - xs)) ->
  (forall k, (k < t)%N -> norm (g k xs) <= G k) -> norm (theta0 - xs) <= D ->
  norm (phi t - xs) <= end_radius c G D t.
Proof.
move=> c0 contract noise near.
suff H k : (k <= t)%N -> norm (phi k - xs) <= end_radius c G D k by exact: H.
elim: k => [|k IH] kt //=; rewrite -/(gd_step (eta k) (g k) (phi k)).
have -> : gd_step (eta k) (g k) (phi k) - xs
        = (gd_step (eta k) (g k) (phi k) - gd_step (eta k) (g k) xs) - eta k *: g k xs.
  by rewrite {3}/gd_step; move: (gd_step _ _ _) (g k xs) => a b; vring.
apply: le_trans (norm_triangleB _ _) _; apply: ler_add.
  by apply: le_trans (contract k _ kt) _; rewrite ler_wpmul2l ?c0 ?IH // ltnW.
by rewrite normZ ger0_norm ?eta_ge0 // ler_wpmul2l ?eta_ge0 ?noise.
Qed.

Theorem run_distance_full (mu L e : R) f (F : 'cV[R]_d -> 'cV[R]_d) xs s :
  (s <= t)%N -> mu <= L -> e * (L + mu) <= 2%:R ->
  strongly_convex mu f F -> smooth L f F -> F xs = 0 ->
  (forall k x, (s <= k)%N -> (k < t)%N -> g k x = F x) ->
  (forall k, (s <= k)%N -> (k < t)%N -> eta k = e) ->
  norm (phi t - xs) <= (1 - e * mu) ^+ (t - s) * norm (phi s - xs).
Proof.
move=> st muL eL cv sf Fxs same const.
suff H n : (s + n <= t)%N ->
    norm (phi (s + n) - xs) <= (1 - e * mu) ^+ n * norm (phi s - xs).
  by have := H (t - s)%N; rewrite subnKC // => ->.
elim: n => [|n IH] nt; first by rewrite addn0 expr0 mul1r.
have kt : (s + n < t)%N by rewrite -addnS.
have e0 : 0 <= e by rewrite -(const _ (leq_addr n s) kt) eta_ge0.
have lip : lipschitz_on (@everywhere R d) (1 - e * mu) (gd_step e F).
  apply: (step_contracts_smooth muL e0 eL (flat_everywhere _)).
    exact: convex_everywhere cv.
  exact: smooth_everywhere sf.
have q0 : 0 <= 1 - e * mu.
  rewrite subr_ge0 -(ler_pmul2l (_ : 0 < 2%:R)) ?ltr0n // mulr1; apply: le_trans eL.
  by rewrite mulrCA ler_wpmul2l // mulr_natl mulr2n ler_add2r.
rewrite addnS [phi _.+1]/= const ?leq_addr // same ?leq_addr //.
have fix_xs : xs = gd_step e F xs by rewrite /gd_step Fxs scaler0 subr0.
rewrite {1}fix_xs exprS -mulrA; apply: le_trans (lip _ _ I I) _.
by rewrite ler_wpmul2l // IH // ltnW.
Qed.

Theorem amended_end (mu : R) (F : 'cV[R]_d -> 'cV[R]_d) (c L : nat -> R) x xs :
  let delta := norm (F x) / mu in
  0 < mu -> strongly_monotone mu F -> F xs = 0 ->
  (forall k, (k < t)%N -> 0 <= c k) ->
  (forall k, (k < t)%N -> lipschitz_on (@everywhere R d) (c k) (gd_step (eta k) (g k))) ->
  (forall k, (k < t)%N -> 0 <= L k) -> (forall k, (k < t)%N -> lipschitz (L k) (g k)) ->
  norm (x - phi t)
  <= delta + end_radius c (fun k => norm (g k x) + L k * delta) (norm (theta0 - x) + delta) t.
Proof.
move=> delta mu0 sm Fxs c0 contract L0 lip.
have near : norm (x - xs) <= delta by exact: residual_bound mu0 sm Fxs.
have -> : x - phi t = (x - xs) - (phi t - xs) by move: (phi t) => y; vring.
apply: le_trans (norm_triangleB _ _) _; apply: ler_add => //.
apply: run_distance => //.
- by move=> k y kt; apply: contract.
- move=> k kt; have -> : g k xs = g k x - (g k x - g k xs) by vring.
  apply: le_trans (norm_triangleB _ _) _; rewrite ler_add2l.
  by apply: le_trans (lip k kt x xs) _; rewrite ler_wpmul2l ?L0.
have -> : theta0 - xs = (theta0 - x) + (x - xs) by vring.
by apply: le_trans (norm_triangle _ _) _; rewrite ler_add2l.
Qed.

Theorem amended_way (B : R) x u :
  norm (u - phi t) <= B -> norm (x - phi t) <= B + norm (x - u).
Proof.
move=> bound; have -> : x - phi t = (u - phi t) + (x - u).
  by move: (phi t) => y; vring.
by apply: le_trans (norm_triangle _ _) _; rewrite ler_add2r.
Qed.

Theorem amended_error (mu B : R) (F : 'cV[R]_d -> 'cV[R]_d) (c L : nat -> R) x u xs :
  let delta := norm (F x) / mu in
  0 < mu -> strongly_monotone mu F -> F xs = 0 ->
  (forall k, (k < t)%N -> 0 <= c k) ->
  (forall k, (k < t)%N -> lipschitz_on (@everywhere R d) (c k) (gd_step (eta k) (g k))) ->
  (forall k, (k < t)%N -> 0 <= L k) -> (forall k, (k < t)%N -> lipschitz (L k) (g k)) ->
  norm (u - phi t) <= B ->
  norm (x - phi t)
  <= Num.min (B + norm (x - u))
       (delta + end_radius c (fun k => norm (g k x) + L k * delta) (norm (theta0 - x) + delta) t).
Proof.
move=> delta mu0 sm Fxs c0 contract L0 lip bound.
rewrite le_minr; apply/andP; split; first exact: amended_way.
exact: (@amended_end mu F c L x xs).
Qed.
End Amended.
