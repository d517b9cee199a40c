(** * Ladder: certificates of a second-order removal step, from what the step itself shows
    down to what is known before the data are seen.  Axiom-free, over any real closed field.

    Rows with one score (Glm.v): weights w_i >= 0, loss phi_i, |phi_i'| <= c1 where a worst
    case needs it, phi_i'' Lipschitz with constant K (logistic: c1 = 1, K = 1/(6 sqrt 3)),
    |x_i| <= Rx where w_i <> 0.  The step p solves H p = -(grad u - g0) up to rho; g0 is the
    gradient that the original fit left (Guo et al. 2020: 0), of norm at most r0.

    Definitions
      spectral_le w X s      |X^T z| <= s |z| for every z that vanishes where w does: s bounds
                             the norm of the data matrix of the retained rows
      sharp_rows, sharp_spectral   K/2 sum_i w_i |x_i| (x_i . p)^2  and
                                   K/2 s |(w_i (x_i . p)^2)_i|
      sharp                  the smaller of the two
      data_dependent         K s Rx |p| |(w_i x_i . p)_i|    (Guo et al., Corollaries 1 and 2)
      worst_case             K Rx^3 N |p|^2, N the number of retained rows (their Theorem 4, first form)

    Theorems
      residual_sharp         |grad (u + p)| <= r0 + rho + either sharp form
      sharp_le_data          twice the smaller of the sharp forms is at most data_dependent
      data_le_worst          data_dependent <= worst_case when s^2 <= N Rx^2 and w_i <= 1
      removal_ladder         the whole ladder at once, from the residual after the step
      residuals_add          after several steps the residuals add up
      guo_original_norm      |w| <= c1 Rx / lam + |b| / (lam n) for a minimiser with ridge lam n
      guo_difference_norm    |m lam w + sum of removed gradients| <= m (2 c1 Rx + |b| / n)
      guo_corrected          the residual after exact removal of m of n rows is at most
                             K Rx^3 m^2 (2 c1 Rx + |b| / n)^2 / (2 lam^2 (n - m)), any b
      guo_theorem4           with b = 0 that is at most the printed 4 K c1^2 Rx^5 m^2 / (lam^2 (n - m))
      taylor_step_residual   the second-order Taylor step: data-dependent residual
      taylor_step_worst      and its worst case, M |d| |e| + M/2 |e|^2 + Q/6 |d + e|^3
      damped_newton_error    a step with H + damp, for objectives that need not be convex
      damped_newton_printed  with |x|, |xs| <= C that is at most 2 C (M C + damp) / (damp + m)
      damped_newton_vacuous  and no better than the trivial 2 C unless M C < m
      feature_change         how far changed features move the gradient of one row
      first_order_residual   |g (x - tau g x)| <= (1 + tau L) |g x|, and <= |g x| for convex
                             objectives with tau L <= 2 (first_order_residual_convex)
      second_order_residual  |g (x + p)| <= Q/2 (|g x| / m)^2 for the exact Newton step
      newton_steps           after k exact steps c e_k <= (c e_0)^(2^k), c = Q / (2 mu)
      prox_newton            the proximal Newton step, any monotone subdifferential *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Newton Influence Glm.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Rows.
Variables (R : rcfType) (n d : nat) (dphi ddphi : 'I_n -> R -> R).
Variables (w : 'I_n -> R) (lam : R) (X : 'M[R]_(n, d)) (b : 'cV[R]_d) (K s Rx : R).
Hypotheses (w0 : forall i, 0 <= w i) (K0 : 0 <= K) (s0 : 0 <= s) (R0 : 0 <= Rx).
Hypothesis th3 : row_third dphi ddphi K.
Implicit Types (u p : 'cV[R]_d) (z : 'cV[R]_n).

Local Notation grad := (glm_grad dphi w lam X b).
Local Notation hess := (glm_hess ddphi w lam X).

Definition spectral_le := forall z, (forall i, w i = 0 -> z i 0 = 0) -> norm (X^T *m z) <= s * norm z.

Definition sharp_rows p : R := K / 2%:R * (\sum_i w i * norm (sample X i) * logit X p i ^+ 2).
Definition sharp_spectral p : R := K / 2%:R * (s * norm (\col_i (w i * logit X p i ^+ 2))).
Definition data_dependent p : R := K * Rx * s * norm p * norm (\col_i (w i * logit X p i)).
Definition worst_case (N : R) p : R := K * Rx ^+ 3 * N * norm p ^+ 2.

Hypothesis hX : spectral_le.

(** Entries that are smaller in absolute value give a smaller norm. *)
Lemma norm_le_entries (a : R) (f h : 'I_n -> R) : 0 <= a -> (forall i, `|f i| <= a * `|h i|) ->
  norm (\col_i f i) <= a * norm (\col_i h i).
Proof.
move=> a0 fh; rewrite -{1}(ger0_norm a0) -normZ norm_le_norm; apply: ler_sum => i _.
rewrite !mxE -!expr2 -[X in X <= _]real_normK ?num_real // -[X in _ <= X]real_normK ?num_real //.
by rewrite ler_sqr ?nnegrE // normrM (ger0_norm a0).
Qed.

Theorem remainder_spectral u p :
  norm (taylor_remainder grad hess u (u + p)) <= sharp_spectral p.
Proof.
rewrite glm_remainderE /sharp_spectral.
pose r i := dphi i (logit X u i + logit X p i) - dphi i (logit X u i) - ddphi i (logit X u i) * logit X p i.
have -> : \sum_i (w i * (dphi i (logit X u i + logit X p i) - dphi i (logit X u i)
    - ddphi i (logit X u i) * logit X p i)) *: sample X i = X^T *m \col_i (w i * r i).
  by rewrite data_mul; apply: eq_bigr => i _; rewrite mxE.
apply: le_trans (hX _) _ => [i wi|]; first by rewrite mxE wi mul0r.
rewrite mulrCA ler_wpmul2l //; apply: norm_le_entries => [|i]; first by rewrite divr_ge0 ?ler0n.
have [_ h] := th3 i (logit X u i); rewrite normrM (ger0_norm (w0 i)).
rewrite (ger0_norm (mulr_ge0 (w0 i) (sqr_ge0 _))) mulrCA ler_wpmul2l //; exact: h.
Qed.

Lemma step_residual r0 rho u p g0 : norm g0 <= r0 ->
  norm (hess u *m p + (grad u - g0)) <= rho -> norm (hess u *m p + grad u) <= r0 + rho.
Proof.
move=> h0 hr; have -> : hess u *m p + grad u = g0 + (hess u *m p + (grad u - g0)).
  by move: (hess u *m p) (grad u) => a e; vring.
by apply: le_trans (norm_triangle _ _) _; apply: ler_add.
Qed.

Theorem residual_sharp r0 rho u p g0 : norm g0 <= r0 ->
  norm (hess u *m p + (grad u - g0)) <= rho ->
  norm (grad (u + p)) <= r0 + rho + sharp_rows p /\
  norm (grad (u + p)) <= r0 + rho + sharp_spectral p.
Proof.
move=> h0 hr; have res := step_residual h0 hr; split.
  exact: (newton_residual_data (glm_remainder_rows lam X b w0 u p th3) res).
exact: (newton_residual_data (remainder_spectral u p) res).
Qed.

Hypothesis hR : forall i, w i != 0 -> norm (sample X i) <= Rx.

Lemma logit_le i p : w i != 0 -> `|logit X p i| <= Rx * norm p.
Proof.
by move=> wi; apply: le_trans (logit_abs X p i) _; rewrite ler_wpmul2r ?norm_ge0 ?hR.
Qed.

Theorem sharp_spectral_le_data p : 2%:R * sharp_spectral p <= data_dependent p.
Proof.
have -> : 2%:R * sharp_spectral p = K * (s * norm (\col_i (w i * logit X p i ^+ 2))).
  by rewrite /sharp_spectral; field.
have -> : data_dependent p = K * (s * (Rx * norm p * norm (\col_i (w i * logit X p i)))).
  by rewrite /data_dependent; ring.
rewrite ler_wpmul2l // ler_wpmul2l //; apply: norm_le_entries => [|i].
  by rewrite mulr_ge0 ?norm_ge0.
have [->|wi] := eqVneq (w i) 0; first by rewrite !mul0r normr0 mulr0.
rewrite expr2 mulrA normrM mulrC ler_wpmul2r ?normr_ge0 //; exact: logit_le.
Qed.

Lemma norm_weighted_scores p : (forall i, w i <= 1) ->
  norm (\col_i (w i * logit X p i)) <= s * norm p.
Proof.
move=> w1; set z := \col_i _; have [->|z0] := eqVneq z 0.
  by rewrite norm0 mulr_ge0 ?norm_ge0.
have nz : 0 < norm z by rewrite norm_gt0.
rewrite -(ler_pmul2r nz) -expr2 norm_sq mulrAC.
apply: (@le_trans _ _ (dot (X^T *m z) p)).
  rewrite dotC dot_trmulmx dotC; apply: ler_sum => i _.
  rewrite [z i 0]mxE -[(X *m p) i 0]/(logit X p i) mulrACA -expr2 -[X in _ <= X]mulrA -expr2.
  by rewrite ler_wpmul2r ?sqr_ge0 // -[X in _ <= X]mulr1 ler_wpmul2l.
apply: le_trans (CauchySchwarz _ _) _; rewrite ler_wpmul2r ?norm_ge0 // hX // => i wi.
by rewrite mxE wi mul0r.
Qed.

Theorem data_le_worst (N : R) p : (forall i, w i <= 1) -> s ^+ 2 <= N * Rx ^+ 2 ->
  data_dependent p <= worst_case N p.
Proof.
move=> w1 hs; rewrite /data_dependent /worst_case.
apply: (@le_trans _ _ (K * Rx * s * norm p * (s * norm p))).
  by rewrite ler_wpmul2l ?norm_weighted_scores // !mulr_ge0 ?norm_ge0.
have -> : K * Rx * s * norm p * (s * norm p) = K * Rx * norm p ^+ 2 * s ^+ 2 by ring.
have -> : K * Rx ^+ 3 * N * norm p ^+ 2 = K * Rx * norm p ^+ 2 * (N * Rx ^+ 2) by ring.
by rewrite ler_wpmul2l // !mulr_ge0 ?exprn_ge0 ?norm_ge0.
Qed.

Definition sharp p : R := Num.min (sharp_rows p) (sharp_spectral p).

Theorem sharp_le_data p : 2%:R * sharp p <= data_dependent p.
Proof.
apply: le_trans (sharp_spectral_le_data p); rewrite ler_wpmul2l ?ler0n //.
by rewrite le_minl lexx orbT.
Qed.

Lemma sharp_ge0 p : 0 <= sharp p.
Proof.
rewrite le_minr; apply/andP; split; rewrite mulr_ge0 ?divr_ge0 ?ler0n //.
  by apply: sumr_ge0 => i _; rewrite mulr_ge0 ?sqr_ge0 // mulr_ge0 ?norm_ge0.
by rewrite mulr_ge0 ?norm_ge0.
Qed.

(** Measured <= sharp <= half the data-dependent <= data-dependent <= worst case. *)
Theorem removal_ladder (N r0 rho : R) u p g0 : norm g0 <= r0 ->
  norm (hess u *m p + (grad u - g0)) <= rho ->
  (forall i, w i <= 1) -> s ^+ 2 <= N * Rx ^+ 2 ->
  [/\ norm (grad (u + p)) <= r0 + rho + sharp p,
      sharp p <= data_dependent p / 2%:R,
      data_dependent p / 2%:R <= data_dependent p &
      data_dependent p <= worst_case N p].
Proof.
move=> h0 hr w1 hs; have [h1 h2] := residual_sharp h0 hr; have h3 := sharp_le_data p.
have D0 : 0 <= data_dependent p by apply: le_trans h3; rewrite mulr_ge0 ?sharp_ge0 ?ler0n.
split; last exact: data_le_worst.
- by rewrite /sharp; case: (leP (sharp_rows p) (sharp_spectral p)).
- by rewrite ler_pdivl_mulr ?ltr0n // mulrC.
- by rewrite ler_pdivr_mulr ?ltr0n // mulr_natr mulr2n ler_addl.
Qed.
End Rows.

(** Several removals: each step adds its own bound to the residual left before. *)
Theorem residuals_add (R : rcfType) (r e : nat -> R) :
  (forall t, r t.+1 <= r t + e t) -> forall t, r t <= r 0%N + \sum_(i < t) e i.
Proof.
move=> h; elim=> [|t IH]; first by rewrite big_ord0 addr0.
by rewrite big_ord_recr addrA; apply: le_trans (h t) _; rewrite ler_add2r.
Qed.

(** ** Guo et al.: a ridge of lam per row, so that removing the rows of U changes it too. *)
Section Guo.
Variables (R : rcfType) (n d : nat) (phi dphi ddphi : 'I_n -> R -> R).
Variables (lam : R) (X : 'M[R]_(n, d)) (b : 'cV[R]_d) (K c1 Rx : R) (U : {set 'I_n}).
Hypotheses (lam0 : 0 < lam) (K0 : 0 <= K) (R0 : 0 <= Rx) (c0 : 0 <= c1).
Hypotheses (th3 : row_third dphi ddphi K) (cv : row_convex phi dphi ddphi).
Hypotheses (dphi_le : forall i a, `|dphi i a| <= c1) (hR : forall i, norm (sample X i) <= Rx).
Hypothesis kept : (0 < #|~: U|)%N.
Implicit Types (th p : 'cV[R]_d).

Local Notation m := (#|U|%:R : R).
Local Notation N := (#|~: U|%:R : R).

Definition kept_weight (i : 'I_n) : R := (i \notin U)%:R.
Definition full_grad := glm_grad dphi (fun=> 1) (lam * n%:R) X b.
Definition kept_grad := glm_grad dphi kept_weight (lam * N) X b.
Definition kept_hess := glm_hess ddphi kept_weight (lam * N) X.

(** Their Delta. *)
Definition difference th : 'cV[R]_d :=
  (m * lam) *: th + \sum_(i in U) dphi i (logit X th i) *: sample X i.

Lemma rows_split : n%:R = m + N.
Proof. by rewrite -natrD cardsC card_ord. Qed.

Lemma N_gt0 : 0 < N. Proof. by rewrite ltr0n. Qed.
Lemma n_gt0 : 0 < n%:R :> R. Proof. by rewrite rows_split ltr_paddl ?ler0n ?N_gt0. Qed.

Lemma kept_weight_ge0 i : 0 <= kept_weight i. Proof. exact: ler0n. Qed.

Lemma kept_weight_sum : \sum_i kept_weight i = N.
Proof.
rewrite -sumr_const [RHS]big_mkcond /=; apply: eq_bigr => i _.
by rewrite /kept_weight in_setC; case: (i \in U).
Qed.

Lemma kept_full th : kept_grad th = full_grad th - difference th.
Proof.
rewrite /kept_grad /full_grad /difference !gradE rows_split.
have -> : \sum_i (1 * dphi i (logit X th i)) *: sample X i
  = (\sum_(i in U) dphi i (logit X th i) *: sample X i)
    + (\sum_i (kept_weight i * dphi i (logit X th i)) *: sample X i).
  rewrite [\sum_(i in U) _]big_mkcond -big_split /=; apply: eq_bigr => i _.
  by rewrite /kept_weight; case: (i \in U); rewrite /= ?mul0r ?scale0r ?addr0 ?add0r mul1r.
by move: (\sum_(i in U) _) (\sum_i _) => a e; vring.
Qed.

Lemma removed_norm th : norm (\sum_(i in U) dphi i (logit X th i) *: sample X i) <= m * (c1 * Rx).
Proof.
apply: le_trans (norm_sum _ _ _) _; rewrite mulr_natl -sumr_const; apply: ler_sum => i _.
by rewrite normZ ler_pmul ?normr_ge0 ?norm_ge0.
Qed.

Theorem guo_original_norm th : full_grad th = 0 ->
  norm th <= c1 * Rx / lam + norm b / (lam * n%:R).
Proof.
move=> g0; have ln : 0 < lam * n%:R by rewrite mulr_gt0 ?n_gt0.
have h : lam * n%:R * norm th <= n%:R * (c1 * Rx) + norm b.
  rewrite -{1}(gtr0_norm ln) -normZ; have := g0; rewrite /full_grad gradE => g0'.
  have -> : (lam * n%:R) *: th
    = - ((\sum_i (1 * dphi i (logit X th i)) *: sample X i) + b).
    apply/eqP; rewrite -addr_eq0; apply/eqP; rewrite -[RHS]g0' {ln g0 g0'}.
    by move: (\sum_i _) (lam * _) => a c; vring.
  rewrite normN; apply: le_trans (norm_triangle _ _) _; rewrite ler_add2r.
  apply: le_trans (norm_sum _ _ _) _; rewrite -[n in n%:R * _]card_ord mulr_natl -sumr_const.
  by apply: ler_sum => i _; rewrite mul1r normZ ler_pmul ?normr_ge0 ?norm_ge0.
have -> : c1 * Rx / lam + norm b / (lam * n%:R) = (n%:R * (c1 * Rx) + norm b) / (lam * n%:R).
  by field; rewrite !gt_eqF ?n_gt0.
by rewrite ler_pdivl_mulr // mulrC.
Qed.

Theorem guo_difference_norm th : full_grad th = 0 ->
  norm (difference th) <= m * (2%:R * (c1 * Rx) + norm b / n%:R).
Proof.
move=> g0; apply: le_trans (norm_triangle _ _) _.
have ml : 0 <= m * lam by rewrite mulr_ge0 ?ler0n // ltW.
apply: le_trans (ler_add (_ : _ <= m * lam * (c1 * Rx / lam + norm b / (lam * n%:R))) (removed_norm th)) _.
  by rewrite normZ ger0_norm // ler_wpmul2l // guo_original_norm.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
by field; rewrite !gt_eqF ?n_gt0.
Qed.

Lemma kept_cube : weighted_cube kept_weight X <= N * Rx ^+ 3.
Proof.
rewrite -kept_weight_sum mulr_suml; apply: ler_sum => i _.
by rewrite ler_wpmul2l ?kept_weight_ge0 // ler_expn2r ?nnegrE ?norm_ge0.
Qed.

(** Their first form, with the factor 1/2 that the integral remainder gives; any b. *)
Theorem guo_step_residual rho th p : norm (kept_hess th *m p + kept_grad th) <= rho ->
  norm (kept_grad (th + p)) <= rho + K * Rx ^+ 3 * N / 2%:R * norm p ^+ 2.
Proof.
move=> hp; apply: le_trans (newton_residual
  (glm_quadratic_remainder (lam * N) X b kept_weight_ge0 K0 th3) hp) _.
rewrite ler_add2l ler_wpmul2r ?exprn_ge0 ?norm_ge0 // ler_wpmul2r ?invr_ge0 ?ler0n //.
by rewrite -mulrA ler_wpmul2l // mulrC kept_cube.
Qed.

Theorem guo_corrected th p : full_grad th = 0 -> kept_hess th *m p = difference th ->
  norm (kept_grad (th + p))
  <= K * Rx ^+ 3 * m ^+ 2 * (2%:R * (c1 * Rx) + norm b / n%:R) ^+ 2 / (2%:R * lam ^+ 2 * N).
Proof.
move=> g0 hp; have lN : 0 < lam * N by rewrite mulr_gt0 ?N_gt0.
have res : norm (kept_hess th *m p + kept_grad th) <= 0.
  by rewrite kept_full g0 sub0r hp subrr norm0.
have := guo_step_residual res; rewrite add0r => /le_trans; apply.
have ray := glm_rayleigh (lam * N) X kept_weight_ge0 th cv.
have hn : norm p <= m * (2%:R * (c1 * Rx) + norm b / n%:R) / (lam * N).
  rewrite ler_pdivl_mulr // mulrC; apply: le_trans (rayleigh_norm p ray) _.
  by rewrite -/(kept_hess th) hp guo_difference_norm.
have h2 : norm p ^+ 2 <= (m * (2%:R * (c1 * Rx) + norm b / n%:R) / (lam * N)) ^+ 2.
  by rewrite ler_sqr ?nnegrE ?norm_ge0 // (le_trans (norm_ge0 _) hn).
have c2 : 0 <= K * Rx ^+ 3 * N / 2%:R.
  by rewrite !mulr_ge0 ?exprn_ge0 ?invr_ge0 ?ler0n.
apply: le_trans (ler_wpmul2l c2 h2) _; rewrite le_eqVlt; apply/orP; left; apply/eqP.
have := N_gt0; have := n_gt0; move: m N (n%:R) (norm b) => m' N' n' b' n0 N0.
by field; rewrite !gt_eqF.
Qed.

(** The printed Theorem 4 holds when there is no perturbation. *)
Theorem guo_theorem4 th p : b = 0 -> full_grad th = 0 -> kept_hess th *m p = difference th ->
  norm (kept_grad (th + p)) <= 4%:R * K * c1 ^+ 2 * Rx ^+ 5 * m ^+ 2 / (lam ^+ 2 * N).
Proof.
move=> b0 g0 hp; apply: le_trans (guo_corrected g0 hp) _; rewrite b0 norm0 mul0r addr0.
have -> : K * Rx ^+ 3 * m ^+ 2 * (2%:R * (c1 * Rx)) ^+ 2 / (2%:R * lam ^+ 2 * N)
  = 2%:R * (K * c1 ^+ 2 * Rx ^+ 5 * m ^+ 2 / (lam ^+ 2 * N)).
  have := N_gt0; move: m N => m' N' N0.
  by field; rewrite !gt_eqF.
have -> : 4%:R * K * c1 ^+ 2 * Rx ^+ 5 * m ^+ 2 / (lam ^+ 2 * N)
  = 4%:R * (K * c1 ^+ 2 * Rx ^+ 5 * m ^+ 2 / (lam ^+ 2 * N)) by rewrite !mulrA.
rewrite ler_wpmul2r ?ler_nat //.
by rewrite !mulr_ge0 ?invr_ge0 ?mulr_ge0 ?exprn_ge0 ?ler0n // ltW.
Qed.
End Guo.

(** ** The second-order Taylor (Chebyshev) step: p solves the Newton system up to rho1, and
    e corrects it for the third derivative up to rho2. *)
Section Taylor.
Variables (R : rcfType) (n d : nat) (dphi ddphi dddphi : 'I_n -> R -> R).
Variables (w : 'I_n -> R) (lam : R) (X : 'M[R]_(n, d)) (b : 'cV[R]_d) (c4 : R).
Hypothesis w0 : forall i, 0 <= w i.
Implicit Types (u p e : 'cV[R]_d).

Local Notation grad := (glm_grad dphi w lam X b).
Local Notation hess := (glm_hess ddphi w lam X).

Definition row_fourth := forall i a t,
  `|dphi i (a + t) - dphi i a - ddphi i a * t - dddphi i a / 2%:R * t ^+ 2| <= c4 / 6%:R * `|t| ^+ 3.

Definition third_derivative u p : 'cV[R]_d :=
  \sum_i (w i * dddphi i (logit X u i) * logit X p i ^+ 2) *: sample X i.

Hypothesis fourth : row_fourth.

Theorem taylor_step_residual rho1 rho2 u p e :
  norm (hess u *m p + grad u) <= rho1 ->
  norm (hess u *m e + 2%:R^-1 *: third_derivative u p) <= rho2 ->
  norm (grad (u + (p + e))) <= rho1 + rho2 +
    \sum_i w i * norm (sample X i) * (`|dddphi i (logit X u i)|
        * (`|logit X p i * logit X e i| + logit X e i ^+ 2 / 2%:R)
      + c4 / 6%:R * `|logit X p i + logit X e i| ^+ 3).
Proof.
move=> h1 h2; pose T i := dddphi i (logit X u i); pose a i := logit X p i; pose c i := logit X e i.
pose rem i := dphi i (logit X u i + (a i + c i)) - dphi i (logit X u i)
  - ddphi i (logit X u i) * (a i + c i) - T i / 2%:R * (a i + c i) ^+ 2.
have split : grad (u + (p + e)) = (hess u *m p + grad u)
    + (hess u *m e + 2%:R^-1 *: third_derivative u p)
    + \sum_i (w i * (T i * (a i * c i + c i ^+ 2 / 2%:R) + rem i)) *: sample X i.
  have -> : grad (u + (p + e)) = taylor_remainder grad hess u (u + (p + e))
      + (hess u *m (p + e) + grad u).
    rewrite /taylor_remainder; have -> : u + (p + e) - u = p + e by vring.
    by move: (grad (u + (p + e))) (grad u) (hess u *m (p + e)) => x y z; vring.
  rewrite glm_remainderE mulmxDr.
  have -> : \sum_i (w i * (dphi i (logit X u i + logit X (p + e) i) - dphi i (logit X u i)
      - ddphi i (logit X u i) * logit X (p + e) i)) *: sample X i
    = 2%:R^-1 *: third_derivative u p
      + \sum_i (w i * (T i * (a i * c i + c i ^+ 2 / 2%:R) + rem i)) *: sample X i.
    rewrite /third_derivative scaler_sumr -big_split; apply: eq_bigr => i _ /=.
    rewrite scalerA -scalerDl logitD -/(a i) -/(c i) -/(T i) /rem; congr (_ *: _).
    move: (dphi i (logit X u i + (a i + c i))) (dphi i _) (ddphi i _) (T i) (a i) (c i) => *.
    by field.
  move: (third_derivative u p) (\sum_i _) (hess u *m p) (hess u *m e) (grad u) => *.
  by vring.
rewrite split; apply: le_trans (norm_triangle _ _) _; apply: ler_add.
  by apply: le_trans (norm_triangle _ _) _; apply: ler_add.
apply: le_trans (norm_sum _ _ _) _; apply: ler_sum => i _.
rewrite normZ normrM (ger0_norm (w0 i)).
rewrite [X in _ <= X]mulrAC ler_wpmul2r ?norm_ge0 // ler_wpmul2l //.
apply: le_trans (ler_norm_add _ _) _; apply: ler_add; last exact: fourth.
rewrite normrM ler_wpmul2l ?normr_ge0 //; apply: le_trans (ler_norm_add _ _) _.
by rewrite ler_add2l ger0_norm // divr_ge0 ?sqr_ge0 ?ler0n.
Qed.

Definition weighted_fourth : R := \sum_i w i * norm (sample X i) ^+ 4.

(** Worst case: M = K sum_i w_i |x_i|^3 and Q = c4 sum_i w_i |x_i|^4. *)
Theorem taylor_step_worst K rho1 rho2 u p e : 0 <= K -> 0 <= c4 ->
  (forall i a, `|dddphi i a| <= K) ->
  norm (hess u *m p + grad u) <= rho1 ->
  norm (hess u *m e + 2%:R^-1 *: third_derivative u p) <= rho2 ->
  let M := K * weighted_cube w X in
  let Q := c4 * weighted_fourth in
  norm (grad (u + (p + e))) <= rho1 + rho2 + (M * norm p * norm e + M / 2%:R * norm e ^+ 2
    + Q / 6%:R * norm (p + e) ^+ 3).
Proof.
move=> K0 c40 hK h1 h2; cbv zeta; apply: le_trans (taylor_step_residual h1 h2) _; rewrite ler_add2l.
have -> : K * weighted_cube w X * norm p * norm e + K * weighted_cube w X / 2%:R * norm e ^+ 2
    + c4 * weighted_fourth / 6%:R * norm (p + e) ^+ 3
  = K * (norm p * norm e + norm e ^+ 2 / 2%:R) * weighted_cube w X
    + c4 / 6%:R * norm (p + e) ^+ 3 * weighted_fourth by field.
rewrite /weighted_cube /weighted_fourth !mulr_sumr -big_split; apply: ler_sum => i _ /=.
set x := norm (sample X i); have x0 : 0 <= x by apply: norm_ge0.
have -> : K * (norm p * norm e + norm e ^+ 2 / 2%:R) * (w i * x ^+ 3)
    + c4 / 6%:R * norm (p + e) ^+ 3 * (w i * x ^+ 4)
  = w i * x * (K * ((x * norm p) * (x * norm e) + (x * norm e) ^+ 2 / 2%:R)
    + c4 / 6%:R * (x * norm (p + e)) ^+ 3) by ring.
have lx v : `|logit X v i| <= x * norm v by apply: logit_abs.
rewrite ler_wpmul2l ?mulr_ge0 //; apply: ler_add.
  apply: ler_pmul => //; first by rewrite addr_ge0 ?divr_ge0 ?sqr_ge0 ?ler0n.
  apply: ler_add; first by rewrite normrM ler_pmul.
  rewrite ler_wpmul2r ?invr_ge0 ?ler0n // -[X in X <= _]real_normK ?num_real //.
  by rewrite ler_expn2r ?nnegrE ?mulr_ge0 ?norm_ge0.
rewrite ler_wpmul2l ?divr_ge0 ?ler0n // -logitD.
by rewrite ler_expn2r ?nnegrE ?mulr_ge0 ?norm_ge0.
Qed.
End Taylor.

(** ** Objectives that need not be convex: a step with H + damp. *)
Section Damped.
Variables (R : rcfType) (d : nat).
Implicit Types (g : 'cV[R]_d -> 'cV[R]_d) (H : 'cV[R]_d -> 'M[R]_d) (x xs p : 'cV[R]_d) (mu Q rho C : R).

(** mu, a lower bound of the Hessian at x, may be negative. *)
Theorem damped_newton_error damp mu Q rho g H x p xs : 0 <= damp -> 0 < damp + mu ->
  rayleigh_ge mu (H x) -> quadratic_remainder Q g H -> g xs = 0 ->
  norm ((H x + damp%:M) *m p + g x) <= rho ->
  norm (x + p - xs)
  <= (rho + damp * norm (x - xs) + Q / 2%:R * norm (x - xs) ^+ 2) / (damp + mu).
Proof.
move=> d0 dm ray rem gs res; rewrite (normBC x).
apply: influence_error dm _ rem gs _ res.
  move=> v; rewrite mulmxDl mul_scalar_mx dotDr dotZr -norm_sq mulrDl addrC ler_add2r.
  exact: ray.
by move=> v; rewrite opprD addNKr mulNmx mul_scalar_mx normN normZ ger0_norm.
Qed.

Theorem damped_newton_printed damp mu Q C g H x p xs : 0 <= damp -> 0 < damp + mu -> 0 <= Q ->
  rayleigh_ge mu (H x) -> quadratic_remainder Q g H -> g xs = 0 ->
  (H x + damp%:M) *m p + g x = 0 -> norm x <= C -> norm xs <= C ->
  norm (x + p - xs) <= 2%:R * C * (Q * C + damp) / (damp + mu).
Proof.
move=> d0 dm Q0 ray rem gs res xC xsC.
have res0 : norm ((H x + damp%:M) *m p + g x) <= 0 by rewrite res norm0.
apply: le_trans (damped_newton_error d0 dm ray rem gs res0) _; rewrite add0r.
have h : norm (x - xs) <= 2%:R * C.
  by apply: le_trans (norm_triangleB _ _) _; rewrite mulr_natl mulr2n ler_add.
have C0 : 0 <= C := le_trans (norm_ge0 _) xC.
rewrite ler_pmul2r ?invr_gt0 //.
have -> : 2%:R * C * (Q * C + damp) = damp * (2%:R * C) + Q / 2%:R * (2%:R * C) ^+ 2 by field.
apply: ler_add; first exact: ler_wpmul2l.
rewrite ler_wpmul2l ?divr_ge0 ?ler0n // ler_sqr ?nnegrE ?norm_ge0 //.
by rewrite mulr_ge0 ?ler0n.
Qed.

(** Both models lie in a ball of diameter 2 C anyway. *)
Theorem damped_newton_vacuous damp mu Q C : 0 < C -> 0 < damp + mu ->
  (2%:R * C * (Q * C + damp) / (damp + mu) < 2%:R * C) = (Q * C < mu).
Proof.
move=> C0 dm; rewrite ltr_pdivr_mulr // ltr_pmul2l; last by rewrite mulr_gt0 ?ltr0n.
by rewrite addrC ltr_add2l.
Qed.

(** ** Changed features and labels: g is the gradient of the corrected objective at the
    original parameters x, where the original gradient vanishes. *)
Theorem first_order_residual L tau g x : 0 <= tau -> lipschitz L g ->
  norm (g (x - tau *: g x)) <= (1 + tau * L) * norm (g x).
Proof.
move=> t0 lip; have -> : g (x - tau *: g x) = g x + (g (x - tau *: g x) - g x).
  by rewrite [RHS]addrC subrK.
apply: le_trans (norm_triangle _ _) _; rewrite mulrDl mul1r ler_add2l.
apply: le_trans (lip _ _) _; have -> : x - tau *: g x - x = - (tau *: g x) by vring.
by rewrite normN normZ ger0_norm // mulrCA mulrA.
Qed.

Theorem first_order_residual_convex L tau g x : 0 < L -> 0 <= tau -> tau * L <= 2%:R ->
  cocoercive L g -> norm (g (x - tau *: g x)) <= norm (g x).
Proof.
move=> L0 t0 tL cc; set y := x - tau *: g x.
have := cc x y; have -> : x - y = tau *: g x by rewrite /y; vring.
rewrite dotZr norm_sq.
have e : g y = g x - (g x - g y) by rewrite subKr.
move: (g x - g y) e => v -> h; rewrite norm_le_norm -subr_ge0.
have -> : dot (g x) (g x) - dot (g x - v) (g x - v) = 2%:R * dot v (g x) - dot v v.
  by rewrite !dotE (dotC (g x) v); ring.
rewrite subr_ge0; have [vg|vg] := lerP 0 (dot v (g x)).
  by apply: le_trans h _; rewrite mulrA [L * tau]mulrC ler_wpmul2r.
have v0 : dot v v = 0.
  apply/eqP; rewrite eq_le dot_ge0 andbT; apply: le_trans h _.
  by rewrite pmulr_rle0 // mulr_ge0_le0 // ltW.
by move/eqP: v0; rewrite dot_eq0 => /eqP ->; rewrite !dot0l mulr0.
Qed.

Theorem second_order_residual Q mu g H x p : 0 <= Q -> 0 < mu ->
  quadratic_remainder Q g H -> rayleigh_ge mu (H x) -> H x *m p + g x = 0 ->
  norm (g (x + p)) <= Q / 2%:R * (norm (g x) / mu) ^+ 2.
Proof.
move=> Q0 mu0 rem ray res; have res0 : norm (H x *m p + g x) <= 0 by rewrite res norm0.
have := newton_residual rem res0; rewrite add0r => /le_trans; apply.
rewrite ler_wpmul2l ?divr_ge0 ?ler0n // ler_sqr ?nnegrE ?norm_ge0 ?divr_ge0 ?norm_ge0 ?(ltW mu0) //.
rewrite ler_pdivl_mulr // mulrC; apply: le_trans (rayleigh_norm p ray) _.
by rewrite (_ : H x *m p = - g x) ?normN //; apply/eqP; rewrite -addr_eq0 res.
Qed.

(** Several exact Newton steps: quadratic convergence. *)
Theorem newton_steps mu Q g H x xs k : 0 < mu -> 0 <= Q ->
  (forall y, rayleigh_ge mu (H y)) -> quadratic_remainder Q g H -> g xs = 0 ->
  let c := Q / (2%:R * mu) in
  c * norm (iter k (newton_step g H) x - xs) <= (c * norm (x - xs)) ^+ (2 ^ k).
Proof.
move=> mu0 Q0 ray rem gs; cbv zeta; set c := Q / _.
have c0 : 0 <= c by rewrite divr_ge0 // mulr_ge0 ?ler0n // ltW.
elim: k => [|k IH]; first by rewrite expn0 expr1.
rewrite iterS expnS mulnC exprM.
set y := iter k _ x in IH *.
apply: le_trans (ler_wpmul2l c0 (newton_bound mu0 (ray y) rem gs)) _; rewrite -/c.
have -> : c * (c * norm (y - xs) ^+ 2) = (c * norm (y - xs)) ^+ 2 by ring.
have ce0 (v : 'cV[R]_d) : 0 <= c * norm v by rewrite mulr_ge0 ?norm_ge0.
by rewrite ler_sqr ?nnegrE ?exprn_ge0.
Qed.

(** Proximal Newton: z minimises the quadratic model plus a penalty with monotone
    subdifferential; sz and ss are the subgradients of the penalty at z and at xs. *)
Theorem prox_newton mu Q g H x z xs sz ss : 0 < mu ->
  rayleigh_ge mu (H x) -> quadratic_remainder Q g H ->
  g x + H x *m (z - x) + sz = 0 -> g xs + ss = 0 -> 0 <= dot (sz - ss) (z - xs) ->
  norm (z - xs) <= Q / (2%:R * mu) * norm (x - xs) ^+ 2.
Proof.
move=> mu0 ray rem hz hs mono; set e := z - xs.
have He : H x *m e = taylor_remainder g H x xs - (sz - ss).
  rewrite /taylor_remainder /e; have -> : z - xs = (z - x) - (xs - x) by vring.
  have -> : sz = - (g x + H x *m (z - x)) by apply/eqP; rewrite -addr_eq0 addrC hz.
  have -> : ss = - g xs by apply/eqP; rewrite -addr_eq0 addrC hs.
  by rewrite mulmxBr; move: (H x *m (z - x)) (H x *m (xs - x)) (g x) (g xs) => *; vring.
have h : mu * norm e ^+ 2 <= norm (taylor_remainder g H x xs) * norm e.
  apply: le_trans (ray e) _; rewrite He dotBr ler_subl_addr ler_paddr //.
    by rewrite dotC.
  by rewrite mulrC; apply: CauchySchwarz.
have -> : Q / (2%:R * mu) * norm (x - xs) ^+ 2 = Q / 2%:R * norm (x - xs) ^+ 2 / mu.
  by field; rewrite gt_eqF.
rewrite ler_pdivl_mulr // mulrC (normBC x).
have [->|e0] := eqVneq e 0; first by rewrite norm0 mulr0 (le_trans (norm_ge0 _) (rem x xs)).
have ne : 0 < norm e by rewrite norm_gt0.
apply: le_trans (rem x xs); rewrite -(ler_pmul2r ne) -mulrA -expr2.
exact: h.
Qed.
End Damped.

(** One row whose features change from x to x'; the label stays. *)
Theorem feature_change (R : rcfType) (d : nat) (f : R -> R) (c1 c2 M : R) (th x x' : 'cV[R]_d) :
  0 <= c2 -> (forall a, `|f a| <= c1) -> (forall a c, `|f a - f c| <= c2 * `|a - c|) ->
  norm (x' - x) <= M ->
  norm (f (dot x' th) *: x' - f (dot x th) *: x) <= (c1 + c2 * norm th * norm x) * M.
Proof.
move=> c20 h1 h2 hM.
have -> : f (dot x' th) *: x' - f (dot x th) *: x
  = f (dot x' th) *: (x' - x) + (f (dot x' th) - f (dot x th)) *: x.
  by rewrite scalerBr scalerBl addrA subrK.
apply: le_trans (norm_triangle _ _) _; rewrite mulrDl; apply: ler_add.
  by rewrite normZ ler_pmul ?normr_ge0 ?norm_ge0.
have M0 : 0 <= M := le_trans (norm_ge0 _) hM.
rewrite normZ [X in _ <= X]mulrAC ler_wpmul2r ?norm_ge0 //; apply: le_trans (h2 _ _) _.
rewrite -[X in _ <= X]mulrA ler_wpmul2l // -dotBl; apply: le_trans (CauchySchwarz_abs _ _) _.
by rewrite [X in X <= _]mulrC ler_wpmul2l ?norm_ge0.
Qed.
