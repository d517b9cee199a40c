(** * SoftmaxModel: weighted softmax regression, ridge-regularised, with a linear term,
      F(th) = sum_i w_i (ln sum_c exp z_c - <y_i, z>) + lam/2 |th|^2 + <b, th>,  z = S_i th,
    is lam-strongly monotone and smooth with L = lam + 1/2 sum_i w_i s_i^2, s_i a bound
    on the norm of S_i (|x_i| when S_i th = W x_i).

    Definitions
      prob z c         exp z_c / sum_c' exp z_c'
      lse z            ln sum_c exp z_c
      softmax_loss, softmax_grad, softmax_hess w lam S y b

    Theorems
      mean_derivative, lse_derivative   derivatives along a line, as moments of prob
      lse_convex       lse z + <prob z, t> <= lse (z + t)
      lse_smooth       lse (z + t) <= lse z + <prob z, t> + |t|^2 / 4
      softmax_strongly_monotone, softmax_smooth, softmax_cocoercive, softmax_lipschitz,
      softmax_residual_bound, softmax_minimiser_stationary, softmax_rayleigh *)
From Coq Require Import Reals.
From Coquelicot Require Import Coquelicot.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From Unlearn Require Import Euclid Convex Newton Softmax Multi Slope Logistic HessianLipschitz.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.
#[local] Bind Scope ring_scope with R.

Section LogSumExp.
Variable k : nat.
Notation C := k.+1.
Implicit Types (z t : 'cV[R]_C) (u : 'I_C -> R).

Definition expsum z : R := \sum_c exp (z c 0).
Definition prob z : 'I_C -> R := fun c => exp (z c 0) / expsum z.
Definition lse z : R := ln (expsum z).

Lemma exp_gt0 (x : R) : 0 < exp x.
Proof. by apply/RltP; apply: exp_pos. Qed.

Lemma expsum_gt0 z : 0 < expsum z.
Proof.
rewrite /expsum big_ord_recl ltr_spaddl ?exp_gt0 //.
by apply: sumr_ge0 => c _; rewrite ltW ?exp_gt0.
Qed.

Lemma prob_ge0 z c : 0 <= prob z c.
Proof. by rewrite divr_ge0 // ltW ?exp_gt0 ?expsum_gt0. Qed.

Lemma prob_sum1 z : \sum_c prob z c = 1.
Proof. by rewrite /prob -mulr_suml divff // gt_eqF ?expsum_gt0. Qed.

Lemma meanE z u : mean (prob z) u = Rmult (\sum_c u c * exp (z c 0)) (Rinv (expsum z)).
Proof.
rewrite RinvE ?gt_eqF ?expsum_gt0 // RmultE mulr_suml; apply: eq_bigr => c _.
by rewrite mulrC mulrA.
Qed.

(** Derivative of a mean along z + s t: a covariance. *)
Theorem mean_derivative z t u (s : R) :
  is_derive (fun s : R => mean (prob (z + s *: t)) u) s
    (mean (prob (z + s *: t)) (fun c => u c * t c 0)
     - mean (prob (z + s *: t)) u * mean (prob (z + s *: t)) (fun c => t c 0)).
Proof.
have expE (s' : R) c : exp ((z + s' *: t) c 0) = exp (z c 0 + s' * t c 0) by rewrite !mxE.
have dnum (v : 'I_C -> R) : is_derive (fun s : R => \sum_c v c * exp ((z + s *: t) c 0)) s
    (\sum_c v c * t c 0 * exp ((z + s *: t) c 0)).
  apply: is_derive_bigsum => c; rewrite expE.
  apply: (is_derive_ext (fun s : R => v c * exp (z c 0 + s * t c 0))); last first.
    exact: (is_derive_exp_affine (v c) (z c 0) (t c 0) s).
  by move=> s'; rewrite expE.
have dden : is_derive (fun s : R => expsum (z + s *: t)) s
    (\sum_c t c 0 * exp ((z + s *: t) c 0)).
  have -> : \sum_c t c 0 * exp ((z + s *: t) c 0)
          = \sum_c 1 * t c 0 * exp ((z + s *: t) c 0).
    by apply: eq_bigr => c _; rewrite mul1r.
  apply: is_derive_ext (dnum (fun=> 1)) => s'.
  by apply: eq_bigr => c _; rewrite mul1r.
have e0 : expsum (z + s *: t) <> 0 by apply/eqP; rewrite gt_eqF ?expsum_gt0.
rewrite !meanE.
apply: (is_derive_ext (fun s : R => Rmult (\sum_c u c * exp ((z + s *: t) c 0)) (Rinv (expsum (z + s *: t))))).
  by move=> s'; rewrite meanE.
exact: (is_derive_ratio _ _ _ _ _ (dnum u) dden e0).
Qed.

Theorem lse_derivative z t (s : R) :
  is_derive (fun s : R => lse (z + s *: t)) s (mean (prob (z + s *: t)) (fun c => t c 0)).
Proof.
rewrite meanE; apply: is_derive_ln_comp; first by apply/RltP; apply: expsum_gt0.
apply: is_derive_bigsum => c.
have e (s' : R) : exp ((z + s' *: t) c 0) = exp (z c 0 + s' * t c 0) by rewrite !mxE.
apply: (is_derive_ext (fun s : R => 1 * exp (z c 0 + s * t c 0))).
  by move=> s'; rewrite e mul1r.
rewrite e -[t c 0 * _]mul1r mulrA.
exact: (is_derive_exp_affine 1 (z c 0) (t c 0) s).
Qed.

Theorem lse_convex z t : lse z + mean (prob z) (fun c => t c 0) <= lse (z + t).
Proof.
set m := mean _ _; have Ez := expsum_gt0 z.
have key : expsum z * exp m <= expsum (z + t).
  have -> : expsum z * exp m
    = \sum_c exp (z c 0) * (exp m * (1 + (t c 0 - m))).
    transitivity (expsum z * (exp m * mean (prob z) (fun c => (1 - m) + t c 0))).
      by rewrite meanD mean_const ?prob_sum1 // -/m subrK mulr1.
    rewrite /mean !mulr_sumr; apply: eq_bigr => c _; rewrite /prob.
    have E0 : expsum z != 0 by rewrite gt_eqF.
    by move: (exp m) (exp (z c 0)) (expsum z) (t c 0) E0 => e f E a E0; field.
  apply: ler_sum => c _; rewrite mxE.
  have -> : exp (z c 0 + t c 0) = exp (z c 0) * exp (t c 0) by rewrite -RmultE -exp_plus.
  apply: ler_wpmul2l; first by rewrite ltW ?exp_gt0.
  by apply/RleP; exact: exp_tangent.
have -> : lse z + m = ln (expsum z * exp m).
  by rewrite /lse -RmultE ln_mult ?ln_exp //; [apply/RltP | apply: exp_pos].
have Em : 0 < expsum z * exp m by rewrite mulr_gt0 ?exp_gt0.
apply/RleP; move: key; rewrite le_eqVlt => /orP [/eqP ->|lt]; first exact: Rle_refl.
by apply: Rlt_le; apply: ln_increasing; apply/RltP.
Qed.

(** The variance of t under prob is at most |t|^2 / 2, whatever the scores. *)
Lemma variance_prob z t : variance (prob z) (fun c => t c 0) <= 2%:R^-1 * norm t ^+ 2.
Proof.
apply: le_trans (variance_le_half (prob_ge0 z) (prob_sum1 z) _) _.
by rewrite norm_sq /dot; under [in X in _ <= X]eq_bigr do rewrite -expr2.
Qed.

Lemma variance_prob_ge0 z t : 0 <= variance (prob z) (fun c => t c 0).
Proof. by apply: sumr_ge0 => c _; rewrite mulr_ge0 ?prob_ge0 ?sqr_ge0. Qed.

Theorem lse_smooth z t :
  lse (z + t) <= lse z + mean (prob z) (fun c => t c 0) + 2%:R^-1 / 2%:R * norm t ^+ 2.
Proof.
pose f s := lse (z + s *: t).
pose f' s := mean (prob (z + s *: t)) (fun c => t c 0).
pose f'' s := variance (prob (z + s *: t)) (fun c => t c 0).
pose K : R := 2%:R^-1 * norm t ^+ 2.
have df s : is_derive f s (f' s) by exact: lse_derivative.
have df' s : is_derive f' s (f'' s).
  have e : f'' s = mean (prob (z + s *: t)) (fun c => t c 0 * t c 0) - f' s * f' s.
    by rewrite /f'' variance_quadratic ?prob_sum1 // expr2 /f'; congr (_ - _).
  by rewrite e; exact: mean_derivative.
have lip (x y : R) : `|f' x - f' y| <= K * `|x - y|.
  apply/RleP; apply: (derive_bound_lipschitz f' f'') => s; first exact: df'.
  by apply/RleP; change (`|f'' s| <= K); rewrite ger0_norm ?variance_prob_ge0 ?variance_prob.
have := scalar_taylorE 0 1 df lip.
rewrite /f /f' add0r scale1r scale0r addr0 mulr1 expr1n mulr1 => h.
have := le_trans (ler_norm _) h; rewrite !ler_subl_addr.
have -> : 2%:R^-1 / 2%:R * norm t ^+ 2 = K / 2%:R by rewrite /K mulrAC.
move=> {}h; apply: le_trans h _; rewrite le_eqVlt; apply/orP; left; apply/eqP.
by move: (mean _ _) (lse z) (K / 2%:R) => m l q; ring.
Qed.
End LogSumExp.

Section Model.
Variables (n k d : nat) (w : 'I_n -> R) (lam : R).
Variables (S : 'I_n -> 'M[R]_(k.+1, d)) (y : 'I_n -> 'cV[R]_k.+1) (b : 'cV[R]_d) (s : 'I_n -> R).
Hypotheses (w0 : forall i, 0 <= w i) (lam0 : 0 < lam).
Hypotheses (sS : score_norm S s) (s0 : forall i, 0 <= s i).
Implicit Types (th xs : 'cV[R]_d) (z t : 'cV[R]_k.+1).

Definition cross_entropy i z : R := lse z - dot (y i) z.
Definition dcross_entropy i z : 'cV[R]_k.+1 := (\col_c prob z c) - y i.
Definition ddcross_entropy (i : 'I_n) z : 'M[R]_k.+1 :=
  diag_mx (\row_c prob z c) - (\col_c prob z c) *m (\row_c prob z c).

Definition softmax_loss := multi_loss cross_entropy w lam S b.
Definition softmax_grad := multi_grad dcross_entropy w lam S b.
Definition softmax_hess := multi_hess ddcross_entropy w lam S.

Lemma dot_prob z t : dot (\col_c prob z c) t = mean (prob z) (fun c => t c 0).
Proof. by apply: eq_bigr => c _; rewrite mxE. Qed.

Lemma cross_entropy_hess i z t :
  dot t (ddcross_entropy i z *m t) = variance (prob z) (fun c => t c 0).
Proof.
rewrite variance_quadratic ?prob_sum1 // /ddcross_entropy mulmxBl dotBr; congr (_ - _).
  apply: eq_bigr => c _; rewrite mul_diag_mx !mxE.
  by rewrite expr2 mulrA mulrA [prob _ _ * _]mulrC.
rewrite -mulmxA; have -> : (\row_c prob z c) *m t = (mean (prob z) (fun c => t c 0))%:M.
  by apply/matrixP => i' j; rewrite !ord1 !mxE eqxx mulr1n; apply: eq_bigr => c _; rewrite mxE.
by rewrite mul_mx_scalar dotZr dotC dot_prob expr2.
Qed.

Lemma cross_entropy_convex : rows_convex cross_entropy dcross_entropy ddcross_entropy.
Proof.
move=> i z t; split; last by rewrite cross_entropy_hess variance_prob_ge0.
have := lse_convex z t; rewrite -subr_ge0 => h; rewrite -subr_ge0; apply: le_trans h _.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
rewrite /cross_entropy /dcross_entropy dotBl dot_prob dotDr.
by move: (lse _) (lse _) (mean _ _) (dot _ _) (dot _ _) => *; ring.
Qed.

Lemma cross_entropy_smooth : rows_smooth cross_entropy dcross_entropy 2%:R^-1.
Proof.
move=> i z t.
have := lse_smooth z t; rewrite -subr_ge0 => h; rewrite -subr_ge0; apply: le_trans h _.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
rewrite /cross_entropy /dcross_entropy dotBl dot_prob dotDr.
by move: (lse _) (lse _) (mean _ _) (dot _ _) (dot _ _) (_ / _ * _) => *; ring.
Qed.

Definition softmax_L : R := lam + 2%:R^-1 * score_sq w s.
Let c0 : 0 <= 2%:R^-1 :> R. Proof. by rewrite invr_ge0 ler0n. Qed.

Theorem softmax_strongly_convex : strongly_convex lam softmax_loss softmax_grad.
Proof. exact (multi_strongly_convex lam S b w0 cross_entropy_convex). Qed.

Theorem softmax_strongly_monotone : strongly_monotone lam softmax_grad.
Proof. exact (multi_strongly_monotone lam S b w0 cross_entropy_convex). Qed.

Theorem softmax_residual_bound th xs : softmax_grad xs = 0 ->
  norm (th - xs) <= norm (softmax_grad th) / lam.
Proof. exact (multi_residual_bound w0 th cross_entropy_convex lam0). Qed.

Theorem softmax_smooth : smooth softmax_L softmax_loss softmax_grad.
Proof. exact (multi_smooth lam b w0 sS s0 c0 cross_entropy_smooth). Qed.

Theorem softmax_cocoercive : cocoercive softmax_L softmax_grad.
Proof. exact (multi_cocoercive b w0 sS s0 lam0 c0 cross_entropy_convex cross_entropy_smooth). Qed.

Theorem softmax_lipschitz : lipschitz softmax_L softmax_grad.
Proof. exact (multi_lipschitz b w0 sS s0 lam0 c0 cross_entropy_convex cross_entropy_smooth). Qed.

Theorem softmax_minimiser_stationary th : minimiser softmax_loss th <-> softmax_grad th = 0.
Proof.
exact (multi_minimiser_stationary b w0 sS s0 th lam0 c0 cross_entropy_convex cross_entropy_smooth).
Qed.

Theorem softmax_rayleigh th : rayleigh_ge lam (softmax_hess th).
Proof. exact (multi_rayleigh lam S w0 th cross_entropy_convex). Qed.
End Model.
