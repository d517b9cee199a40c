(** * Concordance: functions that cannot decay faster than exponentially, and what
    that says about a gradient along a line.  Coq's reals and Coquelicot only.

    Definitions
      reach lam m k rho     lam rho + (m - lam) (1 - exp (- k rho)) / k: what a gradient has
                            grown to at distance rho when the curvature is at least
                            lam + (m - lam) exp (- k t) at distance t

    Theorems
      decay_exp             f' >= - k f on [0,1] implies f 1 >= f 0 exp (- k)
      sigma'_decay          sigma' (a + t) >= sigma' a exp (- |t|): logistic loss has
                            |third derivative| <= second derivative
      increment_ge_exp      p' t >= a + b exp (- k t) on [0,1] implies
                            p 1 - p 0 >= a + b (1 - exp (- k)) / k
      reach_increasing      reach is strictly increasing in rho
      reach_bound           a gradient that grew by at most G over the distance r, and whose
                            reach at rho is at least G, has r <= rho *)
From Coq Require Import Reals Lra.
From Coquelicot Require Import Coquelicot.
From Unlearn Require Import Slope Logistic.
Local Open Scope R_scope.

Theorem decay_exp (f f' : R -> R) (k : R) :
  (forall t, 0 <= t <= 1 -> is_derive f t (f' t)) ->
  (forall t, 0 <= t <= 1 -> - k * f t <= f' t) -> f 0 * exp (- k) <= f 1.
Proof.
  intros hd hb.
  set (q := fun t => - (f t * exp (k * t))).
  set (q' := fun t => - (f' t * exp (k * t) + f t * (k * exp (k * t)))).
  assert (h : q 1 - q 0 <= 0).
  { apply (increment_le_slope q q').
    - intros t ht. apply (is_derive_opp (fun t => f t * exp (k * t))).
      apply (is_derive_mult f (fun t => exp (k * t))).
      + exact (hd t ht).
      + auto_derive; [exact I | ring].
      + intros; apply Rmult_comm.
    - intros t ht. unfold q'. assert (h := hb t ht). assert (e := exp_pos (k * t)).
      assert (0 <= (f' t + k * f t) * exp (k * t)) by (apply Rmult_le_pos; lra). lra. }
  unfold q in h. rewrite Rmult_1_r, Rmult_0_r, exp_0 in h.
  rewrite exp_Ropp. apply (Rmult_le_reg_r (exp k)); [apply exp_pos|].
  rewrite Rmult_assoc, Rinv_l by (apply Rgt_not_eq, exp_pos). lra.
Qed.

Theorem sigma'_decay (a t : R) : sigma' a * exp (- Rabs t) <= sigma' (a + t).
Proof.
  pose (f := fun s => sigma' (a + s * t)).
  assert (h := decay_exp f (fun s => t * sigma'' (a + s * t)) (Rabs t)).
  unfold f in h; rewrite Rmult_0_l, Rplus_0_r, Rmult_1_l in h. apply h.
  - intros s _. apply (is_derive_along sigma' sigma''), sigma'_derive.
  - intros s _. set (z := a + s * t).
    assert (b := sigma'_bounds z). assert (b' := sigma_bounds z).
    replace (sigma'' z) with (sigma' z * (1 - 2 * sigma z)) by (unfold sigma'', sigma'; ring).
    replace (t * (sigma' z * (1 - 2 * sigma z))) with ((t * (1 - 2 * sigma z)) * sigma' z) by ring.
    apply Rmult_le_compat_r; [lra|].
    assert (c : Rabs (t * (1 - 2 * sigma z)) <= Rabs t).
    { rewrite Rabs_mult. rewrite <- (Rmult_1_r (Rabs t)) at 2.
      apply Rmult_le_compat_l; [apply Rabs_pos | apply Rabs_le; lra]. }
    revert c. set (v := t * (1 - 2 * sigma z)). intros c.
    assert (g := Rabs_maj2 v). lra.
Qed.

Theorem increment_ge_exp (p p' : R -> R) (a b k : R) : k <> 0 ->
  (forall t, 0 <= t <= 1 -> is_derive p t (p' t)) ->
  (forall t, 0 <= t <= 1 -> a + b * exp (- (k * t)) <= p' t) ->
  a + b * (1 - exp (- k)) / k <= p 1 - p 0.
Proof.
  intros k0 hd hb.
  set (r := fun t => a * t + b * (1 - exp (- (k * t))) / k).
  assert (h : (r 1 - p 1) - (r 0 - p 0) <= 0).
  { apply (increment_le_slope (fun t => r t - p t) (fun t => (a + b * exp (- (k * t))) - p' t)).
    - intros t ht. apply (is_derive_minus r p).
      + unfold r. auto_derive; [exact I | field; exact k0].
      + exact (hd t ht).
    - intros t ht. generalize (hb t ht); lra. }
  revert h; unfold r. rewrite !Rmult_1_r, !Rmult_0_r, Ropp_0, exp_0.
  replace (b * (1 - 1) / k) with 0 by (field; exact k0). lra.
Qed.

Definition reach (lam m k rho : R) : R := lam * rho + (m - lam) * (1 - exp (- (k * rho))) / k.

Theorem reach_increasing (lam m k rho r : R) :
  0 <= lam <= m -> 0 < m -> 0 < k -> rho < r -> reach lam m k rho < reach lam m k r.
Proof.
  intros hl hm hk hr; unfold reach.
  assert (e : exp (- (k * r)) < exp (- (k * rho))).
  { apply exp_increasing, Ropp_lt_contravar, Rmult_lt_compat_l; assumption. }
  set (x := exp (- (k * r))) in *; set (y := exp (- (k * rho))) in *.
  assert (E : (lam * r + (m - lam) * (1 - x) / k) - (lam * rho + (m - lam) * (1 - y) / k)
            = lam * (r - rho) + (m - lam) * (y - x) / k) by (field; lra).
  assert (pos : 0 < lam * (r - rho) + (m - lam) * (y - x) / k); [|lra].
  assert (i : 0 < / k) by (apply Rinv_0_lt_compat; exact hk).
  destruct (Rle_lt_or_eq_dec _ _ (proj1 hl)) as [l0|l0].
  - apply Rplus_lt_le_0_compat; [apply Rmult_lt_0_compat; lra|].
    apply Rmult_le_pos; [apply Rmult_le_pos|]; lra.
  - apply Rplus_le_lt_0_compat; [rewrite <- l0; lra|].
    apply Rmult_lt_0_compat; [apply Rmult_lt_0_compat; lra | exact i].
Qed.

Theorem reach_bound (lam m k rho r G : R) :
  0 <= lam <= m -> 0 < m -> 0 < k -> 0 <= rho ->
  lam * (r * r) + (m - lam) * (r * r) * (1 - exp (- (k * r))) / (k * r) <= r * G ->
  G <= reach lam m k rho -> r <= rho.
Proof.
  intros hl hm hk hrho h hG. apply Rnot_lt_le; intros hr.
  assert (r0 : 0 < r) by lra.
  assert (i := reach_increasing lam m k rho r hl hm hk hr).
  enough (reach lam m k r <= G) by lra.
  apply (Rmult_le_reg_l r); [exact r0|].
  replace (r * reach lam m k r)
    with (lam * (r * r) + (m - lam) * (r * r) * (1 - exp (- (k * r))) / (k * r)).
  - exact h.
  - unfold reach; field; lra.
Qed.
