(** * SoftmaxHessian: the second-order remainder of softmax cross-entropy, with the
    sharp constant sqrt 2 / (3 sqrt 3), and what follows for a Newton step.

    Definitions
      softmax_third_max        sqrt 2 / (3 sqrt 3)
      mixed p u v              E[(u - Eu)(v - Ev)^2] under p

    Theorems
      mixed_le                 |mixed p u v| <= softmax_third_max |u| |v|^2
      cross_entropy_third      the gradient in the scores has remainder
                               softmax_third_max / 2 |t|^2
      softmax_quadratic_remainder   Q = softmax_third_max sum_i w_i s_i^3
      softmax_newton_residual       |grad(u+p)| <= rho + c/2 sum_i w_i s_i |S_i p|^2
      softmax_newton_aposteriori, softmax_newton_bound   distances after a Newton step *)
From Coq Require Import Reals.
From Coquelicot Require Import Coquelicot.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From Unlearn Require Import Euclid Convex Newton Softmax Multi Slope Logistic HessianLipschitz
  Polarisation SoftmaxModel.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.
#[local] Bind Scope ring_scope with R.

Definition softmax_third_max : R := Num.sqrt 2%:R / (3%:R * Num.sqrt 3%:R).

Lemma softmax_third_max_ge0 : 0 <= softmax_third_max.
Proof. by rewrite divr_ge0 ?mulr_ge0 ?ler0n ?sqrtr_ge0. Qed.

Lemma softmax_third_max_sq : 27%:R * softmax_third_max ^+ 2 = 2%:R.
Proof.
rewrite /softmax_third_max expr_div_n exprMn !sqr_sqrtr ?ler0n //.
by field.
Qed.

Lemma cubicE (a b d e x y : R) :
  cubic a b d e x y = a * x ^+ 3 + 3%:R * b * x ^+ 2 * y + 3%:R * d * x * y ^+ 2 + e * y ^+ 3.
Proof.
have three : IZR 3 = 3%:R by rewrite -INRE INR_IZR_INZ.
by rewrite /cubic !RplusE !RmultE !RpowE three.
Qed.

Section Mixed.
Variables (n : nat) (p : 'I_n -> R).
Hypotheses (p0 : forall i, 0 <= p i) (p1 : \sum_i p i = 1).
Implicit Types (u v t : 'cV[R]_n).

Definition entries u : 'I_n -> R := fun c => u c 0.
Definition centred u : 'I_n -> R := fun c => u c 0 - mean p (entries u).
Definition mixed u v : R := mean p (fun c => centred u c * centred v c ^+ 2).

Lemma mean_lin (a b : R) u v :
  mean p (entries (a *: u + b *: v)) = a * mean p (entries u) + b * mean p (entries v).
Proof.
rewrite -!meanZ -meanD; apply: eq_mean => c.
by rewrite /entries !mxE.
Qed.

Lemma centred_lin (a b : R) u v c : centred (a *: u + b *: v) c = a * centred u c + b * centred v c.
Proof.
rewrite /centred mean_lin !mxE.
by move: (mean _ _) (mean _ _) (u c 0) (v c 0) => *; ring.
Qed.

Lemma third_bound v : norm v <= 1 -> `|third p (entries v)| <= softmax_third_max.
Proof.
move=> v1; have h := third_moment_le p0 p1 (entries v).
have e : \sum_i entries v i ^+ 2 = norm v ^+ 2.
  by rewrite norm_sq; apply: eq_bigr => i _; rewrite expr2.
rewrite e in h; rewrite -[X in _ <= X]ger0_norm ?softmax_third_max_ge0 // -ler_sqr ?nnegrE //.
rewrite !real_normK ?num_real // -(ler_pmul2l (ltr0n _ 27)) softmax_third_max_sq.
apply: le_trans h _; rewrite -[X in _ <= X]mulr1 ler_wpmul2l ?ler0n //.
by rewrite -exprM exprn_ile1 ?norm_ge0.
Qed.

(** Orthonormal directions. *)
Lemma mixed_orthonormal u v (x y : R) : norm u = 1 -> norm v = 1 -> dot v u = 0 ->
  x ^+ 2 + y ^+ 2 = 1 -> 0 <= y ->
  `|mixed v v * x + mixed u v * y| <= softmax_third_max.
Proof.
move=> u1 v1 uv xy y0.
pose d := mean p (fun c => centred u c ^+ 2 * centred v c).
pose e := mean p (fun c => centred u c ^+ 3).
apply/RleP; apply: (polarisation _ _ d e) => [q r qr||]; last by apply/RleP.
  rewrite cubicE; apply/RleP.
  have -> : mixed v v * q ^+ 3 + 3%:R * mixed u v * q ^+ 2 * r + 3%:R * d * q * r ^+ 2 + e * r ^+ 3
    = third p (entries (q *: v + r *: u)).
    rewrite /third -/(mean p _).
    transitivity (mean p (fun c => q ^+ 3 * (centred v c * centred v c ^+ 2)
       + ((3%:R * q ^+ 2 * r) * (centred u c * centred v c ^+ 2)
       + ((3%:R * q * r ^+ 2) * (centred u c ^+ 2 * centred v c) + r ^+ 3 * centred u c ^+ 3)))).
      rewrite !meanD !meanZ -/(mixed v v) -/(mixed u v) -/d -/e.
      by move: (mixed v v) (mixed u v) d e => A B D E; ring.
    apply: eq_mean => c; rewrite -[entries _ c - _]/(centred _ c) centred_lin.
    by move: (centred v c) (centred u c) => A B; ring.
  apply: third_bound; rewrite norm_le_sq ?ler01 // !dotE (dotC u v) uv -!norm_sq u1 v1.
  rewrite !expr1n !mulr0 !mulr1 addr0 add0r le_eqVlt; apply/orP; left; apply/eqP.
  by move: qr; rewrite RplusE !RmultE.
by rewrite RplusE !RmultE -!expr2.
Qed.

Lemma mixed_lin (a b : R) u u' v : mixed (a *: u + b *: u') v = a * mixed u v + b * mixed u' v.
Proof.
rewrite /mixed -!meanZ -meanD; apply: eq_mean => c.
by rewrite centred_lin mulrDl !mulrA.
Qed.

Lemma mixed_scale (a : R) u v : mixed u (a *: v) = a ^+ 2 * mixed u v.
Proof.
have e c : centred (a *: v) c = a * centred v c.
  by have := centred_lin a 0 v 0 c; rewrite scale0r addr0 mul0r addr0.
by rewrite /mixed -meanZ; apply: eq_mean => c; rewrite e; ring.
Qed.

Theorem mixed_le u v : `|mixed u v| <= softmax_third_max * norm u * norm v ^+ 2.
Proof.
have [->|v0] := eqVneq v 0.
  have -> : mixed u 0 = 0 by have := mixed_scale 0 u 0; rewrite scale0r expr0n mul0r.
  by rewrite normr0 norm0 expr0n mulr0.
have [->|u0] := eqVneq u 0.
  have -> : mixed 0 v = 0.
    by have := mixed_lin 0 0 0 0 v; rewrite !scale0r addr0 !mul0r addr0.
  by rewrite normr0 norm0 mulr0 mul0r.
have nv : 0 < norm v by rewrite norm_gt0.
have nu : 0 < norm u by rewrite norm_gt0.
pose vh := (norm v)^-1 *: v; pose uh := (norm u)^-1 *: u.
have vE : v = norm v *: vh by rewrite scalerA divff ?scale1r // gt_eqF.
have uE : u = norm u *: uh by rewrite scalerA divff ?scale1r // gt_eqF.
have vh1 : norm vh = 1 by rewrite normZ ger0_norm ?invr_ge0 ?norm_ge0 // mulVf // gt_eqF.
have uh1 : norm uh = 1 by rewrite normZ ger0_norm ?invr_ge0 ?norm_ge0 // mulVf // gt_eqF.
have scale : mixed u v = norm u * norm v ^+ 2 * mixed uh vh.
  rewrite {1}uE {1}vE mixed_scale.
  have := mixed_lin (norm u) 0 uh 0 vh; rewrite scale0r addr0 mul0r addr0 => ->.
  by rewrite mulrCA mulrA.
suff h : `|mixed uh vh| <= softmax_third_max.
  rewrite scale normrM ger0_norm; last by rewrite mulr_ge0 ?norm_ge0 ?exprn_ge0 ?norm_ge0.
  rewrite mulrC -[X in _ <= X]mulrA ler_wpmul2r //.
  by rewrite mulr_ge0 ?norm_ge0 ?exprn_ge0 ?norm_ge0.
clearbody vh uh; pose x := dot vh uh; pose o := uh - x *: vh; pose y := norm o.
have orth : dot vh o = 0 by rewrite /o !dotE -norm_sq vh1 expr1n mulr1 subrr.
have xy : x ^+ 2 + y ^+ 2 = 1.
  rewrite /y norm_sq /o !dotE -!norm_sq vh1 uh1 (dotC uh vh) -/x !expr1n.
  by ring.
have uhE : uh = x *: vh + o by rewrite addrC subrK.
have [o0|o0] := eqVneq o 0.
  have x1 : `|x| = 1.
    have x2 : x ^+ 2 = 1 by have := xy; rewrite /y o0 norm0 expr0n addr0.
    apply/eqP; rewrite -(@eqr_expn2 _ 2) ?normr_ge0 ?ler01 //.
    by rewrite real_normK ?num_real // x2 expr1n.
  have -> : mixed uh vh = x * mixed vh vh.
    by have := mixed_lin x 0 vh 0 vh; rewrite scale0r addr0 mul0r addr0 -[x *: vh]addr0 -{1}o0 -uhE.
  rewrite normrM x1 mul1r.
  suff -> : mixed vh vh = third p (entries vh) by apply: third_bound; rewrite vh1.
  by apply: eq_mean => c; rewrite -[entries _ c - _]/(centred _ c); ring.
have y0 : 0 < y by rewrite norm_gt0.
pose oh := y^-1 *: o.
have oE : o = y *: oh by rewrite scalerA divff ?scale1r // gt_eqF.
have oh1 : norm oh = 1 by rewrite normZ ger0_norm ?invr_ge0 ?norm_ge0 // mulVf // gt_eqF.
have voh : dot vh oh = 0 by rewrite dotZr orth mulr0.
have -> : mixed uh vh = mixed vh vh * x + mixed oh vh * y.
  by rewrite uhE oE mixed_lin ![_ * mixed _ _]mulrC.
exact: mixed_orthonormal oh1 vh1 voh xy (ltW y0).
Qed.
End Mixed.

(** ** The gradient of the row loss along a line of scores. *)
Section Row.
Variables (n k : nat) (y : 'I_n -> 'cV[R]_k.+1).
Implicit Types (z t r : 'cV[R]_k.+1).

Definition covariance (p : 'I_k.+1 -> R) r t : R :=
  mean p (fun c => r c 0 * t c 0) - mean p (entries r) * mean p (entries t).

Lemma mixedE (p : 'I_k.+1 -> R) r t : \sum_c p c = 1 ->
  mixed p r t = mean p (fun c => r c 0 * t c 0 * t c 0)
    - mean p (fun c => r c 0 * t c 0) * mean p (entries t)
    - (covariance p r t * mean p (entries t)
       + mean p (entries r) * (mean p (fun c => t c 0 * t c 0)
                               - mean p (entries t) * mean p (entries t))).
Proof.
move=> p1; rewrite /mixed /covariance.
pose m := mean p (entries r); pose s := mean p (entries t).
transitivity (mean p (fun c => r c 0 * t c 0 * t c 0 + ((- (2%:R * s)) * (r c 0 * t c 0)
   + (s ^+ 2 * entries r c + ((- m) * (t c 0 * t c 0) + ((2%:R * m * s) * entries t c
   + - (m * s ^+ 2))))))).
  apply: eq_mean => c; rewrite /centred -/m -/s /entries.
  by move: (r c 0) (t c 0) m s => *; ring.
rewrite !meanD !meanZ mean_const // -/m -/s.
by move: (mean _ _) (mean _ _) (mean _ _) m s => *; ring.
Qed.

Lemma covariance_derivative z t r (s : R) :
  is_derive (fun s : R => covariance (prob (z + s *: t)) r t) s
    (mixed (prob (z + s *: t)) r t).
Proof.
rewrite mixedE ?prob_sum1 //.
apply: (@is_derive_minus _ _ (fun s : R => mean (prob (z + s *: t)) (fun c => r c 0 * t c 0))
  (fun s : R => mean (prob (z + s *: t)) (entries r) * mean (prob (z + s *: t)) (entries t))).
  exact: (mean_derivative z t (fun c => r c 0 * t c 0) s).
apply: (@is_derive_mult _ (fun s : R => mean (prob (z + s *: t)) (entries r))
  (fun s : R => mean (prob (z + s *: t)) (entries t))).
- exact: (mean_derivative z t (entries r) s).
- exact: (mean_derivative z t (entries t) s).
- by move=> a b; apply: Rmult_comm.
Qed.

Lemma dot_hess (i : 'I_n) z t r :
  dot r (ddcross_entropy i z *m t) = covariance (prob z) r t.
Proof.
rewrite /ddcross_entropy mulmxBl dotBr /covariance; congr (_ - _).
  by apply: eq_bigr => c _; rewrite mul_diag_mx !mxE mulrCA.
rewrite -mulmxA; have -> : (\row_c prob z c) *m t = (mean (prob z) (entries t))%:M.
  by apply/matrixP => i' j; rewrite !ord1 !mxE eqxx mulr1n; apply: eq_bigr => c _; rewrite mxE.
by rewrite mul_mx_scalar dotZr dotC dot_prob mulrC.
Qed.

Theorem cross_entropy_third :
  rows_third (dcross_entropy y) (@ddcross_entropy n k) softmax_third_max.
Proof.
move=> i z t; set r := _ - _ - _.
pose f s := mean (prob (z + s *: t)) (entries r).
pose f' s := covariance (prob (z + s *: t)) r t.
pose f'' s := mixed (prob (z + s *: t)) r t.
pose K : R := softmax_third_max * norm r * norm t ^+ 2.
have df s : is_derive f s (f' s) by exact: mean_derivative.
have df' s : is_derive f' s (f'' s) by exact: covariance_derivative.
have lip (a b : R) : `|f' a - f' b| <= K * `|a - b|.
  apply/RleP; apply: (derive_bound_lipschitz f' f'') => s; first exact: df'.
  by apply/RleP; apply: mixed_le; [apply: prob_ge0 | apply: prob_sum1].
have := scalar_taylorE 0 1 df lip.
rewrite /f /f' add0r scale1r scale0r addr0 mulr1 expr1n mulr1.
have -> : mean (prob (z + t)) (entries r) - mean (prob z) (entries r) - covariance (prob z) r t
        = norm r ^+ 2.
  have -> : norm r ^+ 2 = dot r (dcross_entropy y i (z + t)) - dot r (dcross_entropy y i z)
      - dot r (ddcross_entropy i z *m t) by rewrite norm_sq -!dotBr.
  rewrite dot_hess /dcross_entropy !dotBr.
  rewrite !(dotC r (\col_c prob _ c)) !dot_prob.
  by move: (mean _ _) (mean _ _) (covariance _ _ _) (dot _ _) => *; ring.
rewrite ger0_norm ?exprn_ge0 ?norm_ge0 // => h.
have [->|r0] := eqVneq (norm r) 0.
  apply: mulr_ge0; last by rewrite exprn_ge0 ?norm_ge0.
  by rewrite divr_ge0 ?softmax_third_max_ge0 ?ler0n.
have nr : 0 < norm r by rewrite lt_neqAle eq_sym r0 norm_ge0.
rewrite -(ler_pmul2r nr) -expr2; apply: le_trans h _.
rewrite /K le_eqVlt; apply/orP; left; apply/eqP.
by rewrite [RHS]mulrAC [softmax_third_max / _ * _]mulrAC [RHS]mulrAC.
Qed.
End Row.

Section Model.
Variables (n k d : nat) (w : 'I_n -> R) (lam : R).
Variables (S : 'I_n -> 'M[R]_(k.+1, d)) (y : 'I_n -> 'cV[R]_k.+1) (b : 'cV[R]_d) (s : 'I_n -> R).
Hypotheses (w0 : forall i, 0 <= w i) (lam0 : 0 < lam).
Hypotheses (sS : score_norm S s) (s0 : forall i, 0 <= s i).
Implicit Types (u p xs : 'cV[R]_d) (rho : R).

Definition softmax_Q : R := softmax_third_max * score_cube w s.

Theorem softmax_quadratic_remainder :
  quadratic_remainder softmax_Q (softmax_grad w lam S y b) (softmax_hess w lam S).
Proof.
exact (multi_quadratic_remainder lam b w0 sS s0 softmax_third_max_ge0 (@cross_entropy_third n k y)).
Qed.

Theorem softmax_newton_residual rho u p :
  norm (softmax_hess w lam S u *m p + softmax_grad w lam S y b u) <= rho ->
  norm (softmax_grad w lam S y b (u + p))
  <= rho + softmax_third_max / 2%:R * (\sum_i w i * s i * norm (S i *m p) ^+ 2).
Proof.
exact (newton_residual_data (multi_remainder_rows lam b w0 sS s0 u p (@cross_entropy_third n k y))).
Qed.

Theorem softmax_newton_aposteriori rho u p xs : softmax_grad w lam S y b xs = 0 ->
  norm (softmax_hess w lam S u *m p + softmax_grad w lam S y b u) <= rho ->
  norm (u + p - xs) <= (rho + softmax_Q / 2%:R * norm p ^+ 2) / lam.
Proof.
exact (newton_aposteriori lam0 (softmax_strongly_monotone lam S y b w0) softmax_quadratic_remainder).
Qed.

Theorem softmax_newton_bound u xs : softmax_grad w lam S y b xs = 0 ->
  norm (newton_step (softmax_grad w lam S y b) (softmax_hess w lam S) u - xs)
    <= softmax_Q / (2%:R * lam) * norm (u - xs) ^+ 2.
Proof.
exact (newton_bound lam0 (softmax_rayleigh lam S y w0 u) softmax_quadratic_remainder).
Qed.
End Model.
