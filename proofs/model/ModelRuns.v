(** * ModelRuns: what Runs.v and Ladder.v say about the logistic-ridge and softmax-ridge
    objectives themselves, with every constant in place.  Over the reals.

    y_i in [0, 1]; weights w_i >= 0 (1 or 0 under the sum reduction, 1/|R| or 0 under the mean).

    Theorems
      logistic_run             the bounds on recorded runs (Runs.run_regimes), c = 1/4
      softmax_run              the same for softmax regression, c = 1/2
      softmax_hess_norm        |Hessian of cross-entropy in the scores| <= 1/2
      softmax_influence_error  distance after an influence step
      softmax_newton_ladder    the two certificates of a Newton step, with what the fit left
      softmax_mask             a mask is the same model with fewer columns in every S_i
      logistic_removal_ladder  Ladder.removal_ladder with K = 1/(6 sqrt 3)
      logistic_guo_corrected   Guo's residual, corrected, for labels in [0, 1] and rows |x_i| <= Rx:
                               Rx^3 m^2 (2 Rx + |b|/n)^2 / (12 sqrt 3 lam^2 (n - m))
      logistic_taylor_step     the second-order Taylor step, c4 = 1/8 *)
From Coq Require Import Reals.
From Coquelicot Require Import Coquelicot.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From Unlearn Require Import Euclid Convex Newton Influence Submatrix Softmax Multi Step Trajectory
  Glm Ladder Runs Slope Logistic LogisticThird HessianLipschitz LogisticModel SoftmaxModel SoftmaxHessian.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.
#[local] Bind Scope ring_scope with R.

Lemma four_R : IZR 4 = 4%:R. Proof. by rewrite -INRE INR_IZR_INZ. Qed.

Section Logistic.
Variables (n d : nat) (X : 'M[R]_(n, d)) (y : 'I_n -> R).

Lemma dlogloss_lipschitz i (a c : R) : `|dlogloss y i a - dlogloss y i c| <= 4%:R^-1 * `|a - c|.
Proof.
have -> : dlogloss y i a - dlogloss y i c = sigma a - sigma c.
  by rewrite /dlogloss; move: (sigma a) (sigma c) (y i) => p q r; ring.
have /RleP := sigma_lipschitz a c; rewrite RmultE !RminusE.
by have -> : Rdiv 1 (IZR 4) = 4%:R^-1 by rewrite four_R RdivE ?pnatr_eq0 // mul1r.
Qed.

Theorem logistic_run (wk v : nat -> 'I_n -> R) (lam lr eta : nat -> R)
    (b br : nat -> 'cV[R]_d) theta0 t ref :
  (forall k i, 0 <= wk k i) -> (forall k, 0 <= lam k) -> (forall k, (k < t)%N -> 0 <= eta k) ->
  run_regimes (fun k => logistic_grad (wk k) (lam k) X y (b k))
    (fun k => logistic_grad (v k) (lr k) X y (br k)) eta theta0 t
    (fun k => lam k + 4%:R^-1 * weighted_sq (wk k) X) lam
    (fun k => `|lr k| + 4%:R^-1 * (\sum_i `|v k i| * norm (sample X i) ^+ 2)) ref.
Proof.
have c0 : 0 <= 4%:R^-1 :> R by rewrite invr_ge0 ler0n.
move=> w0 l0 e0; apply: (glm_run X c0 (@logloss_convex n y) (@logloss_smooth n y) dlogloss_lipschitz) => //.
Qed.

Variables (w : 'I_n -> R) (lam : R) (b : 'cV[R]_d).

Theorem logistic_removal_ladder (s Rx N r0 rho : R) u p (g0 : 'cV[R]_d) :
  (forall i, 0 <= w i) -> 0 <= s -> 0 <= Rx -> spectral_le w X s ->
  (forall i, w i != 0 -> norm (sample X i) <= Rx) ->
  norm g0 <= r0 -> norm (logistic_hess w lam X u *m p + (logistic_grad w lam X y b u - g0)) <= rho ->
  (forall i, w i <= 1) -> s ^+ 2 <= N * Rx ^+ 2 ->
  [/\ norm (logistic_grad w lam X y b (u + p)) <= r0 + rho + sharp w X sigma''_max s p,
      sharp w X sigma''_max s p <= data_dependent w X sigma''_max s Rx p / 2%:R,
      data_dependent w X sigma''_max s Rx p / 2%:R <= data_dependent w X sigma''_max s Rx p &
      data_dependent w X sigma''_max s Rx p <= worst_case sigma''_max Rx N p].
Proof.
move=> w0 s0 R0 hX hR.
exact: (removal_ladder w0 sigma''_max_ge0 s0 R0 (@logloss_third n y) hX hR).
Qed.

Hypothesis y01 : forall i, 0 <= y i <= 1.

Lemma dlogloss_le1 i a : `|dlogloss y i a| <= 1.
Proof.
have [/RltP s0 /RltP s1] := sigma_bounds a; case/andP: (y01 i) => h0 h1.
rewrite /dlogloss ler_norml; apply/andP; split.
  by rewrite ler_subr_addl; apply: le_trans (_ : y i - 1 <= 0) (ltW s0); rewrite subr_le0.
by rewrite ler_subl_addl; apply: le_trans (ltW s1) _; rewrite ler_addr.
Qed.

Theorem logistic_guo_corrected (l Rx : R) (U : {set 'I_n}) th p :
  0 < l -> 0 <= Rx -> (forall i, norm (sample X i) <= Rx) -> (0 < #|~: U|)%N ->
  logistic_grad (fun=> 1) (l * n%:R) X y b th = 0 ->
  logistic_hess (kept_weight _ U) (l * #|~: U|%:R) X th *m p = difference (dlogloss y) l X U th ->
  norm (logistic_grad (kept_weight _ U) (l * #|~: U|%:R) X y b (th + p))
  <= sigma''_max * Rx ^+ 3 * #|U|%:R ^+ 2 * (2%:R * Rx + norm b / n%:R) ^+ 2
     / (2%:R * l ^+ 2 * #|~: U|%:R).
Proof.
move=> l0 R0 hR kept g0 hp.
have := guo_corrected l0 sigma''_max_ge0 R0 (@logloss_third n y) (@logloss_convex n y)
  dlogloss_le1 hR kept g0 hp.
by rewrite mul1r.
Qed.

Lemma logistic_fourth : row_fourth (dlogloss y) (@ddlogloss n) (fun _ => sigma'') 8%:R^-1.
Proof.
move=> i a t; rewrite /dlogloss /ddlogloss.
have -> : sigma (a + t) - y i - (sigma a - y i) - sigma' a * t - sigma'' a / 2%:R * t ^+ 2
  = sigma (a + t) - sigma a - sigma' a * t - sigma'' a / 2%:R * t ^+ 2.
  by move: (sigma _) (sigma _) (sigma' a) (sigma'' a) (y i) => *; field.
have /RleP := sigma_taylor2 a t.
have two : IZR 2 = 2%:R by rewrite -INRE INR_IZR_INZ.
have six : IZR 6 = 6%:R by rewrite -INRE INR_IZR_INZ.
have eight : IZR 8 = 8%:R by rewrite -INRE INR_IZR_INZ.
rewrite !RminusE RplusE !RmultE !RpowE two six eight !RdivE ?pnatr_eq0 ?mulf_neq0 //.
by rewrite mul1r.
Qed.

Theorem logistic_taylor_step (rho1 rho2 : R) u p e : (forall i, 0 <= w i) ->
  norm (logistic_hess w lam X u *m p + logistic_grad w lam X y b u) <= rho1 ->
  norm (logistic_hess w lam X u *m e + 2%:R^-1 *: third_derivative (fun _ => sigma'') w X u p) <= rho2 ->
  norm (logistic_grad w lam X y b (u + (p + e))) <= rho1 + rho2 +
    \sum_i w i * norm (sample X i) * (`|sigma'' (logit X u i)|
        * (`|logit X p i * logit X e i| + logit X e i ^+ 2 / 2%:R)
      + 8%:R^-1 / 6%:R * `|logit X p i + logit X e i| ^+ 3).
Proof. by move=> w0; apply: (taylor_step_residual w0 logistic_fourth). Qed.
End Logistic.

Section Softmax.
Variables (n k d : nat) (S : 'I_n -> 'M[R]_(k.+1, d)) (y : 'I_n -> 'cV[R]_k.+1) (s : 'I_n -> R).
Hypotheses (sS : score_norm S s) (s0 : forall i, 0 <= s i).

Let c0 : 0 <= 2%:R^-1 :> R. Proof. by rewrite invr_ge0 ler0n. Qed.

Lemma dcross_entropy_lipschitz i : lipschitz 2%:R^-1 (dcross_entropy y i).
Proof.
have h0 : 0 < 2%:R^-1 :> R by rewrite invr_gt0 ltr0n.
apply: (cocoercive_lipschitz h0); apply: (@BaillonHaddad _ _ _ (cross_entropy y i)) => // z z'.
  have [h _] := @cross_entropy_convex n k y i z (z' - z).
  by rewrite mul0r mul0r addr0; move: h; have -> : z + (z' - z) = z' by vring.
have := @cross_entropy_smooth n k y i z (z' - z).
by have -> : z + (z' - z) = z' by vring.
Qed.

(** Cauchy-Schwarz for the covariance. *)
Lemma covariance_sq (p : 'I_k.+1 -> R) x t : (forall c, 0 <= p c) -> \sum_c p c = 1 ->
  covariance p x t ^+ 2 <= variance p (entries x) * variance p (entries t).
Proof.
move=> p0 p1; pose a (u : 'cV[R]_k.+1) : 'cV[R]_k.+1 := \col_c (Num.sqrt (p c) * centred p u c).
have da u v : dot (a u) (a v) = mean p (fun c => centred p u c * centred p v c).
  by apply: eq_bigr => c _; rewrite !mxE mulrACA -expr2 sqr_sqrtr.
have -> : covariance p x t = dot (a x) (a t).
  rewrite da /covariance; pose m := mean p (entries x); pose q := mean p (entries t).
  transitivity (mean p (fun c => x c 0 * t c 0 + ((- q) * entries x c + ((- m) * entries t c + m * q)))).
    by rewrite !meanD !meanZ mean_const // -/m -/q; move: (mean _ _) m q => *; ring.
  by apply: eq_mean => c; rewrite /centred -/m -/q /entries; ring.
have va u : variance p (entries u) = dot (a u) (a u).
  by rewrite da; apply: eq_bigr => c _; rewrite expr2.
by rewrite !va CauchySchwarz_sq.
Qed.

Theorem softmax_hess_norm (i : 'I_n) z : opnorm_le 2%:R^-1 (@ddcross_entropy n k i z).
Proof.
move=> t; set x := _ *m t; have [->|x0] := eqVneq x 0.
  by rewrite norm0 mulr_ge0 ?norm_ge0.
have nx : 0 < norm x by rewrite norm_gt0.
rewrite -(ler_pmul2l nx) -expr2 norm_sq {2}/x SoftmaxHessian.dot_hess.
have half u : variance (prob z) (entries u) <= 2%:R^-1 * norm u ^+ 2.
  have := variance_le_half (prob_ge0 z) (prob_sum1 z) (entries u).
  by rewrite norm_sq; congr (_ <= _ * _); apply: eq_bigr => c _; rewrite expr2.
apply: le_trans (ler_norm _) _.
have r0 : 0 <= norm x * (2%:R^-1 * norm t) by rewrite !mulr_ge0 ?norm_ge0.
rewrite -ler_sqr ?nnegrE ?normr_ge0 // real_normK ?num_real //.
apply: le_trans (covariance_sq x t (prob_ge0 z) (prob_sum1 z)) _.
apply: le_trans (ler_pmul (variance_prob_ge0 _ _) (variance_prob_ge0 _ _) (half x) (half t)) _.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.

Theorem softmax_run (wk v : nat -> 'I_n -> R) (lam lr eta : nat -> R)
    (b br : nat -> 'cV[R]_d) theta0 t ref :
  (forall j i, 0 <= wk j i) -> (forall j, 0 <= lam j) -> (forall j, (j < t)%N -> 0 <= eta j) ->
  run_regimes (fun j => softmax_grad (wk j) (lam j) S y (b j))
    (fun j => softmax_grad (v j) (lr j) S y (br j)) eta theta0 t
    (fun j => lam j + 2%:R^-1 * score_sq (wk j) s) lam
    (fun j => `|lr j| + 2%:R^-1 * (\sum_i `|v j i| * s i ^+ 2)) ref.
Proof.
move=> wk0 l0 e0.
by apply: (multi_run c0 (@cross_entropy_convex n k y) (@cross_entropy_smooth n k y) sS s0
  dcross_entropy_lipschitz).
Qed.

Variables (w : 'I_n -> R) (lam : R) (b : 'cV[R]_d).
Hypotheses (w0 : forall i, 0 <= w i).

(** [wf]: the weights of all rows, whose Hessian the influence step inverts. *)
Theorem softmax_influence_error (wf : 'I_n -> R) rho u p xs : 0 < lam ->
  (forall i, 0 <= wf i) -> softmax_grad w lam S y b xs = 0 ->
  norm (softmax_hess wf lam S u *m p + softmax_grad w lam S y b u) <= rho ->
  let D := norm (softmax_grad w lam S y b u) / lam in
  let C := 2%:R^-1 * (\sum_i `|w i - wf i| * s i ^+ 2) in
  norm (u + p - xs) <= (rho + C * D + softmax_Q w s / 2%:R * D ^+ 2) / lam.
Proof.
move=> l0 wf0; apply: (multi_influence_error c0 (@cross_entropy_convex n k y) sS s0
  softmax_hess_norm l0 softmax_third_max_ge0 w0 wf0 (@cross_entropy_third n k y)).
Qed.

Theorem softmax_newton_ladder r0 rho u p (g0 : 'cV[R]_d) : norm g0 <= r0 ->
  norm (softmax_hess w lam S u *m p + (softmax_grad w lam S y b u - g0)) <= rho ->
  norm (softmax_grad w lam S y b (u + p))
    <= r0 + rho + softmax_third_max / 2%:R * (\sum_i w i * s i * norm (S i *m p) ^+ 2) /\
  norm (softmax_grad w lam S y b (u + p)) <= r0 + rho + softmax_Q w s / 2%:R * norm p ^+ 2.
Proof.
move=> h0 hr; have res : norm (softmax_hess w lam S u *m p + softmax_grad w lam S y b u) <= r0 + rho.
  have -> : softmax_hess w lam S u *m p + softmax_grad w lam S y b u
    = g0 + (softmax_hess w lam S u *m p + (softmax_grad w lam S y b u - g0)).
    by move: (_ *m p) (softmax_grad _ _ _ _ _ _) => a e; vring.
  by apply: le_trans (norm_triangle _ _) _; apply: ler_add.
split; first exact: (softmax_newton_residual w0 sS s0 res).
exact: (newton_residual (softmax_quadratic_remainder lam y b w0 sS s0) res).
Qed.
End Softmax.

Theorem softmax_mask n q d k (f : 'I_k -> 'I_d) w lam (S : 'I_n -> 'M[R]_(q.+1, d)) y b z : injective f ->
  pruned_grad f 0 (softmax_grad w lam S y b) z
  = softmax_grad w lam (fun i => colsub f (S i)) y (rowsub f b) z.
Proof. by move=> fi; apply: multi_masked_grad. Qed.
