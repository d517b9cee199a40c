(** * Guo: the removal bound of Guo et al. (2020), Theorem 1, does not hold for the
    perturbed loss it is used with.

    Printed: after one Newton removal step the gradient of the remaining loss is at most
    4 gamma C^2 / (lam^2 (n-1)), for rows |x| <= 1, |l'| <= C, l'' gamma-Lipschitz.
    The proof bounds |w*| by C/lam, which the perturbation b . w destroys.
    Here n = 2, both rows x = 1, y = +1, lam = 10 per row, C = 1, gamma = 1/4 (an
    over-estimate, so the printed bound is taken at its most generous), and b such
    that w* = 2 minimises the perturbed loss on both rows.

      original_stationary     the original model is exactly optimal
      newton_removal_step     [after] is one exact Newton step for the remaining row
      printed_value           the printed bound equals 1/100 here
      theorem1_fails          the residual exceeds 1/20, five times the printed bound *)
From Coq Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.
Local Open Scope R_scope.

(** l(z) = ln (1 + exp (- z)), l'(z) = - miss z, l''(z) = miss z (1 - miss z). *)
Definition miss (z : R) : R := / (1 + exp z).

Definition lam : R := 10.
Definition original : R := 2.
Definition b : R := 2 * miss original - 2 * lam * original.

(** Gradients of the perturbed loss on both rows and on the remaining one. *)
Definition grad_both (w : R) : R := - 2 * miss w + 2 * lam * w + b.
Definition grad_one (w : R) : R := - miss w + lam * w + b.
Definition hess_one (w : R) : R := miss w * (1 - miss w) + lam.

Definition after : R := original - grad_one original / hess_one original.

Definition printed (gamma C n : R) : R := 4 * gamma * C ^ 2 / (lam ^ 2 * (n - 1)).

Lemma miss_bounds z : 0 < miss z < 1.
Proof.
  unfold miss. assert (H := exp_pos z). split.
  - apply Rinv_0_lt_compat; lra.
  - apply (Rmult_lt_reg_r (1 + exp z)); [lra|]. rewrite Rinv_l; lra.
Qed.

Lemma grad_one_derivative w : is_derive grad_one w (hess_one w).
Proof.
  unfold grad_one, hess_one, miss. assert (H := exp_pos w).
  auto_derive; [lra|]. field. lra.
Qed.

Theorem original_stationary : grad_both original = 0.
Proof. unfold grad_both, b. ring. Qed.

Theorem newton_removal_step :
  hess_one original * (after - original) + grad_one original = 0.
Proof.
  unfold after. assert (H := miss_bounds original). unfold hess_one, lam in *.
  field. nra.
Qed.

Theorem printed_value : printed (1 / 4) 1 2 = 1 / 100.
Proof. unfold printed, lam. field. Qed.

(** 5 < exp 2 <= 9 places the chance of a miss between 1/10 and 1/6. *)
Lemma miss_original : 1 / 10 <= miss original <= 1 / 6.
Proof.
  assert (H1 : exp 1 <= 3) by exact exp_le_3.
  assert (H0 := exp_pos 1).
  assert (E : exp 2 = exp 1 * exp 1) by (rewrite <- exp_plus; f_equal; lra).
  assert (E1 : exp 1 = exp (1/2) * exp (1/2)) by (rewrite <- exp_plus; f_equal; lra).
  assert (E2 : exp (1/2) = exp (1/4) * exp (1/4)) by (rewrite <- exp_plus; f_equal; lra).
  assert (H4 : 1 + 1/4 < exp (1/4)) by (apply exp_ineq1; lra).
  assert (H2 : 3/2 < exp (1/2)) by (rewrite E2; nra).
  assert (H3 : 9/4 < exp 1) by (rewrite E1; nra).
  assert (L : 5 < exp 2) by (rewrite E; nra).
  assert (U : exp 2 <= 9) by (rewrite E; nra).
  unfold miss, original. split.
  - apply (Rmult_le_reg_r (1 + exp 2)); [lra|]. rewrite Rinv_l; lra.
  - apply (Rmult_le_reg_r (1 + exp 2)); [lra|]. rewrite Rinv_l; lra.
Qed.

Theorem residual_large : 1 / 20 < Rabs (grad_one after).
Proof.
  assert (Hm := miss_original). assert (Ha := miss_bounds after).
  set (s := miss original) in *.
  assert (Eh : hess_one original = s * (1 - s) + 10) by reflexivity.
  assert (Eb : b = 2 * s - 40) by (unfold b, lam; fold s; unfold original; ring).
  assert (Eg : grad_one original = s - 20).
  { unfold grad_one. fold s. rewrite Eb. unfold lam, original. ring. }
  assert (Ea : after = 2 - (s - 20) / hess_one original) by (unfold after; rewrite Eg; reflexivity).
  assert (Hh : 10 < hess_one original <= 10 + 1/4) by (rewrite Eh; nra).
  assert (E : grad_one after
    = - miss after + s * (- 10 + 20 * s + 2 * (s * (1 - s))) / hess_one original).
  { assert (E0 : grad_one after = - miss after + 10 * after + b) by reflexivity.
    rewrite E0, Eb. generalize (miss after); intros m. rewrite Ea, Eh. field. lra. }
  assert (N : s * (- 10 + 20 * s + 2 * (s * (1 - s))) <= - 6 / 10).
  { assert (0 <= (s - 1/10) * (1/6 - s)) by (apply Rmult_le_pos; lra).
    assert (- 10 + 20 * s + 2 * (s * (1 - s)) <= - 63 / 10) by nra.
    nra. }
  assert (Q : s * (- 10 + 20 * s + 2 * (s * (1 - s))) / hess_one original < - 1 / 20).
  { apply (Rmult_lt_reg_r (hess_one original)); [lra|].
    unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  rewrite Rabs_left; lra.
Qed.

Theorem theorem1_fails :
  grad_both original = 0 /\
  hess_one original * (after - original) + grad_one original = 0 /\
  printed (1 / 4) 1 2 < Rabs (grad_one after).
Proof.
  split; [exact original_stationary | split; [exact newton_removal_step |]].
  rewrite printed_value. generalize residual_large. lra.
Qed.
