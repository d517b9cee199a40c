(** * RidgeModel: weighted squared loss, ridge-regularised, with a linear term,
      F(th) = sum_i w_i (x_i . th - y_i)^2 / 2 + lam/2 |th|^2 + <b, th>,   w_i >= 0,
    satisfies the hypotheses of the general theorems with
      mu = lam,   L = lam + s where sum_i w_i (x_i . v)^2 <= s |v|^2,   Q = 0.
    Axiom-free.  (Glm.v has the general model, and its masked form.)

    Theorems
      ridge_model_strongly_convex, ridge_model_strongly_monotone,
      ridge_model_smooth, ridge_model_cocoercive, ridge_model_lipschitz,
      ridge_model_rayleigh, ridge_model_residual_bound, ridge_model_minimiser
      ridge_model_remainder0       no second-order remainder: Q = 0
      ridge_model_newton_exact     one Newton step is the exact retrained model
      ridge_model_influence_error  how far the influence step lands
      ridge_model_mask             a mask is the same model on fewer columns *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Newton Influence Submatrix Glm.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Ridge.
Variables (R : rcfType) (n : nat) (y : 'I_n -> R).

Definition squared i (a : R) : R := (a - y i) ^+ 2 / 2%:R.
Definition dsquared i (a : R) : R := a - y i.
Definition ddsquared (i : 'I_n) (a : R) : R := 1.

Lemma squared_convex : row_convex squared dsquared ddsquared.
Proof.
move=> i a; split=> [|t]; first exact: ler01.
rewrite -subr_ge0 /squared /dsquared.
have -> : (a + t - y i) ^+ 2 / 2%:R - ((a - y i) ^+ 2 / 2%:R + (a - y i) * t) = t ^+ 2 / 2%:R by field.
by rewrite divr_ge0 ?sqr_ge0 ?ler0n.
Qed.

Lemma squared_smooth : row_smooth squared dsquared ddsquared 1.
Proof.
move=> i a; split=> [|t] //; rewrite le_eqVlt; apply/orP; left; apply/eqP.
by rewrite /squared /dsquared; field.
Qed.

Lemma squared_third : row_third dsquared ddsquared 0.
Proof.
move=> i a; split=> [b|t]; first by rewrite subrr normr0 mul0r.
have -> : dsquared i (a + t) - dsquared i a - ddsquared i a * t = 0.
  by rewrite /dsquared /ddsquared; ring.
by rewrite normr0 !mul0r.
Qed.

Variables (d : nat) (w : 'I_n -> R) (lam : R) (X : 'M[R]_(n, d)) (b : 'cV[R]_d).
Hypotheses (w0 : forall i, 0 <= w i) (lam0 : 0 < lam).
Implicit Types (th xs p : 'cV[R]_d) (s rho : R).

Definition ridge_model_loss := glm_loss squared w lam X b.
Definition ridge_model_grad := glm_grad dsquared w lam X b.
Definition ridge_model_hess := glm_hess ddsquared w lam X.

Theorem ridge_model_strongly_convex : strongly_convex lam ridge_model_loss ridge_model_grad.
Proof. exact: glm_strongly_convex w0 squared_convex. Qed.

Theorem ridge_model_strongly_monotone : strongly_monotone lam ridge_model_grad.
Proof. exact: glm_strongly_monotone w0 squared_convex. Qed.

Theorem ridge_model_residual_bound th xs : ridge_model_grad xs = 0 ->
  norm (th - xs) <= norm (ridge_model_grad th) / lam.
Proof. exact (glm_residual_bound w0 th squared_convex lam0). Qed.

Theorem ridge_model_smooth s : gram_le w X s ->
  smooth (lam + s) ridge_model_loss ridge_model_grad.
Proof. by move=> gs; have := glm_smooth lam b w0 ler01 squared_smooth gs; rewrite mul1r; apply. Qed.

Theorem ridge_model_cocoercive s : 0 <= s -> gram_le w X s -> cocoercive (lam + s) ridge_model_grad.
Proof.
move=> s0 gs.
by have := glm_cocoercive b w0 lam0 ler01 s0 squared_convex squared_smooth gs; rewrite mul1r.
Qed.

Theorem ridge_model_lipschitz s : 0 <= s -> gram_le w X s -> lipschitz (lam + s) ridge_model_grad.
Proof.
move=> s0 gs.
by have := glm_lipschitz b w0 lam0 ler01 s0 squared_convex squared_smooth gs; rewrite mul1r.
Qed.

Theorem ridge_model_minimiser th : minimiser ridge_model_loss th <-> ridge_model_grad th = 0.
Proof. exact (glm_minimiser_stationary X b w0 th lam0 ler01 squared_convex squared_smooth). Qed.

Theorem ridge_model_rayleigh th : rayleigh_ge lam (ridge_model_hess th).
Proof. exact (glm_rayleigh lam X w0 th squared_convex). Qed.

Theorem ridge_model_remainder0 : quadratic_remainder 0 ridge_model_grad ridge_model_hess.
Proof. by have := glm_quadratic_remainder lam X b w0 (lexx 0) squared_third; rewrite mul0r. Qed.

(** Exact removal: whatever the starting point, the old model in particular. *)
Theorem ridge_model_newton_exact th xs : ridge_model_grad xs = 0 ->
  newton_step ridge_model_grad ridge_model_hess th = xs.
Proof.
move=> gxs; have := newton_bound lam0 (ridge_model_rayleigh th) ridge_model_remainder0 gxs.
rewrite mul0r mul0r => h; apply/eqP; rewrite -subr_eq0 -norm_eq0.
by rewrite eq_le h norm_ge0.
Qed.

(** Influence with the curvature of other weights [wf] (all rows): not exact. *)
Theorem ridge_model_influence_error (wf : 'I_n -> R) rho th p xs :
  (forall i, 0 <= wf i) -> ridge_model_grad xs = 0 ->
  norm (glm_hess ddsquared wf lam X th *m p + ridge_model_grad th) <= rho ->
  norm (th + p - xs)
  <= (rho + (\sum_i `|w i - wf i| * norm (sample X i) ^+ 2)
            * (norm (ridge_model_grad th) / lam)) / lam.
Proof.
move=> wf0 gxs res.
have S0 : 0 <= \sum_i `|w i - wf i| * norm (sample X i) ^+ 2.
  by apply: sumr_ge0 => i _; rewrite mulr_ge0 ?exprn_ge0 ?norm_ge0.
have hS := glm_reweighted_hessian w wf lam X th squared_convex squared_smooth.
rewrite mul1r in hS.
have := influence_error_computable lam0 lam0 (lexx 0) S0 (glm_rayleigh lam X wf0 th squared_convex)
  ridge_model_strongly_monotone ridge_model_remainder0 gxs hS res.
by rewrite !mul0r addr0.
Qed.
End Ridge.

Theorem ridge_model_mask (R : rcfType) n d k (f : 'I_k -> 'I_d) (y w : 'I_n -> R) lam
    (X : 'M[R]_(n, d)) b z : injective f ->
  pruned_grad f 0 (ridge_model_grad y w lam X b) z
  = ridge_model_grad y w lam (colsub f X) (rowsub f b) z.
Proof. by move=> fi; apply: glm_masked_grad. Qed.
