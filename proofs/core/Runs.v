(** * Runs: the bounds on recorded gradient-descent runs (Sgd.v) for the objectives that
    the library evaluates.  Axiom-free, over any real closed field.

    Step k of training follows keep_k + drop_k, step k of retraining keep_k alone:
      keep_k   the gradient of a weighted, ridge-regularised model, weights wk_k i >= 0
      drop_k   sum_i v_k i grad phi_i + lr_k th, the weights v_k of any sign: the forgotten
               rows of the batch, and what a renormalised batch adds to the others
    A mask: run the same model on the kept columns (Glm.glm_masked_grad, multi_masked_grad).

    Definitions
      run_regimes            the four bounds below, for constants L_k, mu_k, R_k

    Theorems
      smooth_runs            strongly convex and smooth losses satisfy run_regimes:
          add-back error <= sum_k (eta_k R_k |theta_k - ref_k| + a_k Gamma_k), with
          Gamma_k = prod_{i>k} (1 + eta_i L_i) - 1                    always;
          Gamma_k = min(sum_{i>k} eta_i L_i, 2)                       if every eta_i L_i <= 2;
          Gamma_k = min(sum_{i>k} eta_i L_i prod_{k<j<i} (1 - eta_j mu_j), 1 + prod_{i>k} (1 - eta_i mu_i))
                                                                      if every eta_i (L_i + mu_i) <= 2;
          no-op error <= sum_k a_k prod_{i>k} (1 + eta_i L_i)
      glm_run                one score per row: L_k = lam_k + c sum_i wk_k i |x_i|^2, mu_k = lam_k,
                             R_k = |lr_k| + c sum_i |v_k i| |x_i|^2
      ridge_run              squared loss, c = 1
      multi_run              several scores per row
      multi_masked_loss, _grad, _hess   a mask is the same model with fewer columns in every S_i
      multi_reweighted_hessian          Hessians for two weightings differ by at most
                                        c sum_i |w_i - w'_i| s_i^2
      multi_influence_error             the influence step, every constant explicit *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Newton Influence Submatrix Step Trajectory Sgd Glm Multi
  RidgeModel.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Runs.
Variables (R : rcfType) (d : nat).
Implicit Types (keep drop : nat -> 'cV[R]_d -> 'cV[R]_d) (eta L mu Rd : nat -> R).

Definition run_regimes keep drop eta (theta0 : 'cV[R]_d) t L mu Rd (ref : nat -> 'cV[R]_d) :=
  let theta := train keep drop eta theta0 in
  let phi := retrain keep eta theta0 in
  let error := norm (addback keep drop eta theta0 ref t - phi t) in
  let bound := fun Gamma : nat -> R => \sum_(k < t) (eta k * Rd k * norm (theta k - ref k)
                                          + eta k * norm (drop k (theta k)) * Gamma k) in
  [/\ error <= bound (fun k => \prod_(k.+1 <= i < t) (1 + eta i * L i) - 1),
      (forall k, (k < t)%N -> eta k * L k <= 2%:R) ->
        error <= bound (fun k => Num.min (\sum_(k.+1 <= i < t) eta i * L i) 2%:R),
      (forall k, (k < t)%N -> eta k * (L k + mu k) <= 2%:R) ->
        error <= bound (fun k => Num.min
          (\sum_(k.+1 <= i < t) eta i * L i * \prod_(k.+1 <= j < i) (1 - eta j * mu j))
          (1 + \prod_(k.+1 <= i < t) (1 - eta i * mu i))) &
      norm (theta t - phi t) <=
        \sum_(k < t) eta k * norm (drop k (theta k)) * \prod_(k.+1 <= i < t) (1 + eta i * L i)].

Theorem smooth_runs keep drop eta theta0 t L mu Rd ref (f : nat -> 'cV[R]_d -> R) :
  (forall k, (k < t)%N -> 0 <= eta k) -> (forall k, (k < t)%N -> 0 <= mu k <= L k) ->
  (forall k, (k < t)%N -> strongly_convex (mu k) (f k) (keep k)) ->
  (forall k, (k < t)%N -> smooth (L k) (f k) (keep k)) ->
  (forall k, (k < t)%N -> lipschitz (Rd k) (drop k)) ->
  run_regimes keep drop eta theta0 t L mu Rd ref.
Proof.
move=> eta0 muL sc sf dl; pose S := fun _ : nat => @everywhere R d.
have L0 k : (k < t)%N -> 0 <= L k by move=> kt; case/andP: (muL k kt) => m0; apply: le_trans m0.
have cv k : (k < t)%N -> convex_on (S k) (mu k) (f k) (keep k).
  by move=> kt; apply: convex_everywhere; apply: sc.
have cv0 k : (k < t)%N -> convex_on (S k) 0 (f k) (keep k).
  by move=> kt; case/andP: (muL k kt) => m0 _; apply: convex_on_weaken m0 (cv k kt).
have sm k : (k < t)%N -> smooth_on (S k) (L k) (f k) (keep k).
  by move=> kt; apply: smooth_everywhere; apply: sf.
have fl k : (k < t)%N -> flat_for (S k) (keep k) by move=> _; apply: flat_everywhere.
have lip k : (k < t)%N -> lipschitz_on (S k) (L k) (keep k).
  move=> kt; apply: cocoercive_lipschitz_on; first exact: L0.
  exact: (baillon_haddad_on (L0 k kt) (fl k kt) (cv0 k kt) (sm k kt)).
have dlr k : (k < t)%N -> norm (drop k (ref k) - drop k (train keep drop eta theta0 k))
    <= Rd k * norm (train keep drop eta theta0 k - ref k).
  by move=> kt; rewrite normBC; apply: dl.
split.
- exact: (@unlearn_error_general _ _ keep drop eta theta0 t eta0 S).
- move=> h; exact: (@unlearn_error_convex_smooth _ _ keep drop eta theta0 t eta0 S _ _ f fl).
- move=> h; exact: (@unlearn_error_strongly_convex_smooth _ _ keep drop eta theta0 t eta0 S _ _ f fl).
- exact: (@noop_error_general _ _ keep drop eta theta0 t eta0 S).
Qed.
End Runs.

(** ** One score per row. *)
Section GlmRun.
Variables (R : rcfType) (n d : nat) (phi dphi ddphi : 'I_n -> R -> R) (c : R) (X : 'M[R]_(n, d)).
Hypotheses (c0 : 0 <= c) (cv : row_convex phi dphi ddphi) (sm : row_smooth phi dphi ddphi c).
Hypothesis dphi_lip : forall i a b, `|dphi i a - dphi i b| <= c * `|a - b|.
Variables (wk v : nat -> 'I_n -> R) (lam lr eta : nat -> R) (b br : nat -> 'cV[R]_d) (theta0 : 'cV[R]_d) (t : nat).
Hypotheses (wk0 : forall k i, 0 <= wk k i) (lam0 : forall k, 0 <= lam k).
Hypothesis eta0 : forall k, (k < t)%N -> 0 <= eta k.

Lemma glm_drop_lipschitz k : lipschitz (`|lr k| + c * (\sum_i `|v k i| * norm (sample X i) ^+ 2))
  (glm_grad dphi (v k) (lr k) X (br k)).
Proof.
move=> x y; rewrite !gradE.
have -> : (\sum_i (v k i * dphi i (logit X x i)) *: sample X i) + lr k *: x + br k
   - ((\sum_i (v k i * dphi i (logit X y i)) *: sample X i) + lr k *: y + br k)
  = lr k *: (x - y) + \sum_i (v k i * (dphi i (logit X x i) - dphi i (logit X y i))) *: sample X i.
  have -> : \sum_i (v k i * (dphi i (logit X x i) - dphi i (logit X y i))) *: sample X i
    = (\sum_i (v k i * dphi i (logit X x i)) *: sample X i)
      - (\sum_i (v k i * dphi i (logit X y i)) *: sample X i).
    by rewrite -sumrB; apply: eq_bigr => i _; rewrite mulrBr scalerBl.
  by move: (\sum_i _) (\sum_i _) (br k) (lr k) => *; vring.
apply: le_trans (norm_triangle _ _) _; rewrite mulrDl normZ ler_add2l.
apply: le_trans (norm_sum _ _ _) _; rewrite mulr_sumr mulr_suml; apply: ler_sum => i _.
rewrite normZ normrM; set s := norm (sample X i).
have h : `|dphi i (logit X x i) - dphi i (logit X y i)| <= c * (s * norm (x - y)).
  by apply: le_trans (dphi_lip _ _ _) _; rewrite -logitB ler_wpmul2l ?logit_abs.
have -> : c * (`|v k i| * s ^+ 2) * norm (x - y) = `|v k i| * (c * (s * norm (x - y))) * s by ring.
by rewrite ler_wpmul2r ?norm_ge0 // ler_wpmul2l.
Qed.

Theorem glm_run ref :
  run_regimes (fun k => glm_grad dphi (wk k) (lam k) X (b k))
    (fun k => glm_grad dphi (v k) (lr k) X (br k)) eta theta0 t
    (fun k => lam k + c * weighted_sq (wk k) X) lam
    (fun k => `|lr k| + c * (\sum_i `|v k i| * norm (sample X i) ^+ 2)) ref.
Proof.
apply: (@smooth_runs _ _ _ _ _ _ _ _ _ _ _ (fun k => glm_loss phi (wk k) (lam k) X (b k))) => // k kt.
- by rewrite lam0 ler_addl mulr_ge0 ?weighted_sq_ge0.
- exact: (glm_strongly_convex (lam k) X (b k) (wk0 k) cv).
- exact: (glm_smooth (lam k) (b k) (wk0 k) c0 sm (gram_le_sq X (wk0 k))).
- exact: glm_drop_lipschitz.
Qed.
End GlmRun.

Theorem ridge_run (R : rcfType) n d (y : 'I_n -> R) (X : 'M[R]_(n, d)) (wk v : nat -> 'I_n -> R)
    (lam lr eta : nat -> R) (b br : nat -> 'cV[R]_d) theta0 t ref :
  (forall k i, 0 <= wk k i) -> (forall k, 0 <= lam k) -> (forall k, (k < t)%N -> 0 <= eta k) ->
  run_regimes (fun k => ridge_model_grad y (wk k) (lam k) X (b k))
    (fun k => ridge_model_grad y (v k) (lr k) X (br k)) eta theta0 t
    (fun k => lam k + weighted_sq (wk k) X) lam
    (fun k => `|lr k| + \sum_i `|v k i| * norm (sample X i) ^+ 2) ref.
Proof.
move=> w0 l0 e0.
have lip i a c : `|dsquared y i a - dsquared y i c| <= 1 * `|a - c|.
  rewrite mul1r; have -> : dsquared y i a - dsquared y i c = a - c by rewrite /dsquared; ring.
  exact: lexx.
apply: (@smooth_runs _ _ _ _ _ _ _ _ _ _ _ (fun k => ridge_model_loss y (wk k) (lam k) X (b k))) => // k kt.
- by rewrite l0 ler_addl weighted_sq_ge0.
- exact: ridge_model_strongly_convex.
- exact: ridge_model_smooth (gram_le_sq X (w0 k)).
- have := @glm_drop_lipschitz R n d (dsquared y) 1 X ler01 lip v lr br k.
  by rewrite mul1r.
Qed.

(** ** Several scores per row. *)
Section MultiRun.
Variables (R : rcfType) (n q d : nat).
Variables (phi : 'I_n -> 'cV[R]_q -> R) (dphi : 'I_n -> 'cV[R]_q -> 'cV[R]_q).
Variables (ddphi : 'I_n -> 'cV[R]_q -> 'M[R]_q) (c : R).
Variables (S : 'I_n -> 'M[R]_(q, d)) (s : 'I_n -> R).
Hypotheses (c0 : 0 <= c) (cv : rows_convex phi dphi ddphi) (sm : rows_smooth phi dphi c).
Hypotheses (sS : score_norm S s) (s0 : forall i, 0 <= s i).
Hypothesis dphi_lip : forall i, lipschitz c (dphi i).
Variables (wk v : nat -> 'I_n -> R) (lam lr eta : nat -> R) (b br : nat -> 'cV[R]_d) (theta0 : 'cV[R]_d) (t : nat).
Hypotheses (wk0 : forall k i, 0 <= wk k i) (lam0 : forall k, 0 <= lam k).
Hypothesis eta0 : forall k, (k < t)%N -> 0 <= eta k.

Lemma multi_drop_lipschitz k : lipschitz (`|lr k| + c * (\sum_i `|v k i| * s i ^+ 2))
  (multi_grad dphi (v k) (lr k) S (br k)).
Proof.
move=> x y; rewrite /multi_grad.
have -> : (\sum_i v k i *: ((S i)^T *m dphi i (S i *m x))) + lr k *: x + br k
   - ((\sum_i v k i *: ((S i)^T *m dphi i (S i *m y))) + lr k *: y + br k)
  = lr k *: (x - y) + \sum_i v k i *: ((S i)^T *m (dphi i (S i *m x) - dphi i (S i *m y))).
  have -> : \sum_i v k i *: ((S i)^T *m (dphi i (S i *m x) - dphi i (S i *m y)))
    = (\sum_i v k i *: ((S i)^T *m dphi i (S i *m x)))
      - (\sum_i v k i *: ((S i)^T *m dphi i (S i *m y))).
    by rewrite -sumrB; apply: eq_bigr => i _; rewrite mulmxBr scalerBr.
  by move: (\sum_i _) (\sum_i _) (br k) (lr k) => *; vring.
apply: le_trans (norm_triangle _ _) _; rewrite mulrDl normZ ler_add2l.
apply: le_trans (norm_sum _ _ _) _; rewrite mulr_sumr mulr_suml; apply: ler_sum => i _.
rewrite normZ.
have -> : c * (`|v k i| * s i ^+ 2) * norm (x - y) = `|v k i| * (s i * (c * (s i * norm (x - y)))) by ring.
rewrite ler_wpmul2l //; apply: le_trans (score_norm_tr sS s0 _ _) _; rewrite ler_wpmul2l //.
by apply: le_trans (dphi_lip _ _ _) _; rewrite -mulmxBr ler_wpmul2l.
Qed.

Theorem multi_run ref :
  run_regimes (fun k => multi_grad dphi (wk k) (lam k) S (b k))
    (fun k => multi_grad dphi (v k) (lr k) S (br k)) eta theta0 t
    (fun k => lam k + c * score_sq (wk k) s) lam
    (fun k => `|lr k| + c * (\sum_i `|v k i| * s i ^+ 2)) ref.
Proof.
apply: (@smooth_runs _ _ _ _ _ _ _ _ _ _ _ (fun k => multi_loss phi (wk k) (lam k) S (b k))) => // k kt.
- by rewrite lam0 ler_addl mulr_ge0 ?score_sq_ge0.
- exact: (multi_strongly_convex (lam k) S (b k) (wk0 k) cv).
- exact: (multi_smooth (lam k) (b k) (wk0 k) sS s0 c0 sm).
- exact: multi_drop_lipschitz.
Qed.

(** Two weightings of the same rows. *)
Variables (w w' : 'I_n -> R) (l : R).
Hypothesis dd_norm : forall i z, opnorm_le c (ddphi i z).

Theorem multi_reweighted_hessian th :
  opnorm_le (c * (\sum_i `|w i - w' i| * s i ^+ 2))
    (multi_hess ddphi w l S th - multi_hess ddphi w' l S th).
Proof.
move=> u; rewrite mulmxBl !multi_hess_mul opprD addrACA subrr addr0 -sumrB.
apply: le_trans (norm_sum _ _ _) _; rewrite mulr_sumr mulr_suml; apply: ler_sum => i _.
rewrite -scalerBl normZ.
have -> : c * (`|w i - w' i| * s i ^+ 2) * norm u = `|w i - w' i| * (s i * (c * (s i * norm u))) by ring.
rewrite ler_wpmul2l //; apply: le_trans (score_norm_tr sS s0 _ _) _; rewrite ler_wpmul2l //.
by apply: le_trans (dd_norm _ _ _) _; rewrite ler_wpmul2l.
Qed.

(** [w] the weights after removal, [w'] those whose Hessian the influence step inverts. *)
Theorem multi_influence_error K (bb : 'cV[R]_d) rho u p xs : 0 < l -> 0 <= K ->
  (forall i, 0 <= w i) -> (forall i, 0 <= w' i) -> rows_third dphi ddphi K ->
  multi_grad dphi w l S bb xs = 0 ->
  norm (multi_hess ddphi w' l S u *m p + multi_grad dphi w l S bb u) <= rho ->
  let D := norm (multi_grad dphi w l S bb u) / l in
  let C := c * (\sum_i `|w i - w' i| * s i ^+ 2) in
  norm (u + p - xs) <= (rho + C * D + K * score_cube w s / 2%:R * D ^+ 2) / l.
Proof.
move=> l0 K0 w0 w0' th3 gxs res; cbv zeta.
have Q0 : 0 <= K * score_cube w s.
  by rewrite mulr_ge0 //; apply: sumr_ge0 => i _; rewrite mulr_ge0 ?exprn_ge0.
have C0 : 0 <= c * (\sum_i `|w i - w' i| * s i ^+ 2).
  by rewrite mulr_ge0 //; apply: sumr_ge0 => i _; rewrite mulr_ge0 ?exprn_ge0.
exact: (influence_error_computable l0 l0 Q0 C0 (multi_rayleigh l S w0' u cv)
  (multi_strongly_monotone l S bb w0 cv) (multi_quadratic_remainder l bb w0 sS s0 K0 th3) gxs
  (multi_reweighted_hessian u) res).
Qed.
End MultiRun.

(** ** Masks *)
Section MultiMasked.
Variables (R : rcfType) (n q d k : nat) (f : 'I_k -> 'I_d).
Hypothesis f_inj : injective f.
Variables (phi : 'I_n -> 'cV[R]_q -> R) (dphi : 'I_n -> 'cV[R]_q -> 'cV[R]_q).
Variables (ddphi : 'I_n -> 'cV[R]_q -> 'M[R]_q) (w : 'I_n -> R) (lam : R).
Variables (S : 'I_n -> 'M[R]_(q, d)) (b : 'cV[R]_d) (s : 'I_n -> R).

Local Notation Sm := (fun i => colsub f (S i)).

Lemma score_norm_masked : score_norm S s -> score_norm Sm s.
Proof.
by move=> h i v; rewrite colsub_pad -mulmxA -(norm_pad f_inj v); apply: h.
Qed.

Theorem multi_masked_loss z :
  pruned_loss f 0 (multi_loss phi w lam S b) z = multi_loss phi w lam Sm (rowsub f b) z.
Proof.
rewrite /pruned_loss add0r /multi_loss norm_pad // dot_rowsub; congr (_ + _ + _).
by apply: eq_bigr => i _; rewrite colsub_pad mulmxA.
Qed.

Theorem multi_masked_grad z :
  pruned_grad f 0 (multi_grad dphi w lam S b) z = multi_grad dphi w lam Sm (rowsub f b) z.
Proof.
rewrite /pruned_grad add0r /multi_grad -!pad_trmul !mulmxDr -scalemxAr mulmxA pad_isometry //.
rewrite mul1mx mulmx_sumr; congr (_ + _ + _); apply: eq_bigr => i _.
by rewrite -scalemxAr colsub_pad trmx_mul !mulmxA.
Qed.

Theorem multi_masked_hess z :
  mxsub f f (multi_hess ddphi w lam S (pad R f *m z)) = multi_hess ddphi w lam Sm z.
Proof.
rewrite principal_pad /multi_hess mulmxDr mulmxDl; congr (_ + _).
  rewrite mulmx_sumr mulmx_suml; apply: eq_bigr => i _.
  by rewrite -scalemxAr -scalemxAl !colsub_pad trmx_mul !mulmxA.
by rewrite mul_mx_scalar -scalemxAl pad_isometry // scalemx1.
Qed.
End MultiMasked.
