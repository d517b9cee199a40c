(** * Glm: weighted, ridge-regularised linear models with one score per row,
      F(th) = sum_i w_i phi_i(x_i . th) + lam/2 |th|^2 + <b, th>,   w_i >= 0,
    and the constants that every bound of the library needs, derived from three
    scalar facts about the row losses phi_i.  Axiom-free, over any real closed field.

    "Train", "retrain" and "remove" differ only in the weights w (1 or 0 under the sum
    reduction, 1/n or 1/|R| and 0 under the mean), and a mask only drops columns of X.

    Scalar facts (dphi, ddphi are first and second derivative of phi)
      row_convex    phi a + dphi a * t <= phi (a + t)  and  0 <= ddphi a
      row_smooth c  phi (a + t) <= phi a + dphi a * t + c/2 t^2  and  ddphi a <= c
      row_third K   |ddphi a - ddphi b| <= K |a - b|  and
                    |dphi (a + t) - dphi a - ddphi a * t| <= K/2 t^2

    Constants
      gram_le s     sum_i w_i (x_i . v)^2 <= s |v|^2
      weighted_sq   sum_i w_i |x_i|^2, an s with gram_le (Glm.gram_le_sq)
      weighted_cube sum_i w_i |x_i|^3

    Theorems
      glm_strongly_convex, glm_strongly_monotone   modulus lam
      glm_smooth, glm_cocoercive, glm_lipschitz    constant lam + c s
      glm_rayleigh, glm_rayleigh_le                lam <= Hessian <= lam + c s
      glm_minimiser_stationary                     minimisers are the zeros of the gradient
      glm_hessian_lipschitz                        K sum_i w_i |x_i|^3
      glm_remainder_rows                           K/2 sum_i w_i |x_i| (x_i . p)^2
      glm_remainder_spectral                       K/2 |X| |(w_i (x_i . p)^2)_i|
      glm_quadratic_remainder                      Q = K sum_i w_i |x_i|^3
      glm_newton_ladder                            the three certificates of a Newton step
      glm_reweighted_hessian                       Hessians for two weightings differ by at
                                                   most c sum_i |w_i - w'_i| |x_i|^2
      glm_masked_loss, _grad, _hess                a mask is the same model on fewer columns *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Newton Submatrix.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Model.
Variables (R : rcfType) (n d : nat).
Variables (phi dphi ddphi : 'I_n -> R -> R).

Definition row_convex := forall i a,
  0 <= ddphi i a /\ forall t, phi i a + dphi i a * t <= phi i (a + t).

Definition row_smooth (c : R) := forall i a,
  ddphi i a <= c /\ forall t, phi i (a + t) <= phi i a + dphi i a * t + c / 2%:R * t ^+ 2.

Definition row_third (K : R) := forall i a,
  (forall b, `|ddphi i a - ddphi i b| <= K * `|a - b|) /\
  forall t, `|dphi i (a + t) - dphi i a - ddphi i a * t| <= K / 2%:R * t ^+ 2.

Variables (w : 'I_n -> R) (lam : R) (X : 'M[R]_(n, d)) (b : 'cV[R]_d).
Hypothesis w0 : forall i, 0 <= w i.
Implicit Types (th u v p : 'cV[R]_d) (c K s : R).

Definition sample i : 'cV[R]_d := (row i X)^T.
Definition logit th i : R := (X *m th) i 0.

Definition glm_loss th : R :=
  (\sum_i w i * phi i (logit th i)) + lam / 2%:R * norm th ^+ 2 + dot b th.

Definition glm_grad th : 'cV[R]_d :=
  X^T *m (\col_i (w i * dphi i (logit th i))) + lam *: th + b.

Definition glm_hess th : 'M[R]_d :=
  X^T *m diag_mx (\row_i (w i * ddphi i (logit th i))) *m X + lam%:M.

Lemma logit_dot th i : logit th i = dot (sample i) th.
Proof. by rewrite /logit mxE; apply: eq_bigr => j _; rewrite !mxE. Qed.

Lemma logitD u v i : logit (u + v) i = logit u i + logit v i.
Proof. by rewrite /logit mulmxDr mxE. Qed.

Lemma logitZ a v i : logit (a *: v) i = a * logit v i.
Proof. by rewrite /logit -scalemxAr mxE. Qed.

Lemma logitB u v i : logit (u - v) i = logit u i - logit v i.
Proof. by rewrite /logit mulmxBr !mxE. Qed.

Lemma logit_sq v i : logit v i ^+ 2 <= norm (sample i) ^+ 2 * norm v ^+ 2.
Proof. by rewrite logit_dot !norm_sq CauchySchwarz_sq. Qed.

Lemma logit_abs v i : `|logit v i| <= norm (sample i) * norm v.
Proof. by rewrite logit_dot CauchySchwarz_abs. Qed.

Lemma data_mul (z : 'cV[R]_n) : X^T *m z = \sum_i z i 0 *: sample i.
Proof.
by apply/colP => j; rewrite summxE !mxE; apply: eq_bigr => i _; rewrite !mxE mulrC.
Qed.

Lemma gradE th : glm_grad th = (\sum_i (w i * dphi i (logit th i)) *: sample i) + lam *: th + b.
Proof. by rewrite /glm_grad data_mul; congr (_ + _ + _); apply: eq_bigr => i _; rewrite mxE. Qed.

Lemma hess_mul th v :
  glm_hess th *m v = (\sum_i (w i * ddphi i (logit th i) * logit v i) *: sample i) + lam *: v.
Proof.
rewrite mulmxDl mul_scalar_mx -!mulmxA data_mul; congr (_ + _).
by apply: eq_bigr => i _; rewrite mul_diag_mx mxE [(\row__ _) 0 i]mxE.
Qed.

Lemma dot_suml (z : 'I_n -> R) v : dot (\sum_i z i *: sample i) v = \sum_i z i * logit v i.
Proof.
have -> : \sum_i z i *: sample i = X^T *m \col_i z i.
  by rewrite data_mul; apply: eq_bigr => i _; rewrite mxE.
rewrite dotC dot_trmulmx dotC; apply: eq_bigr => i _.
by rewrite mxE.
Qed.

Lemma norm_expand u v : norm (u + v) ^+ 2 = norm u ^+ 2 + 2%:R * dot u v + norm v ^+ 2.
Proof. by rewrite !norm_sq !dotE (dotC v u); ring. Qed.

(** ** First order: convexity and smoothness. *)
Theorem glm_strongly_convex : row_convex -> strongly_convex lam glm_loss glm_grad.
Proof.
move=> cv u v; have : v = u + (v - u) by rewrite addrC subrK.
move: (v - u) => p ->.
rewrite /glm_loss gradE !dotDl dotZl dot_suml norm_expand dotDr.
have h : (\sum_i w i * phi i (logit u i)) + (\sum_i (w i * dphi i (logit u i)) * logit p i)
      <= \sum_i w i * phi i (logit (u + p) i).
  rewrite -big_split; apply: ler_sum => i _ /=; rewrite logitD -mulrA -mulrDr.
  by apply: ler_wpmul2l; rewrite ?w0 //; case: (cv i (logit u i)).
rewrite -subr_ge0 in h; rewrite -subr_ge0; apply: le_trans h _.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
move: (\sum_i _) (\sum_i _) (\sum_i _) => a e f.
by field.
Qed.

Theorem glm_strongly_monotone : row_convex -> strongly_monotone lam glm_grad.
Proof. by move=> cv; apply: strongly_convex_monotone (glm_strongly_convex cv). Qed.

Theorem glm_residual_bound th xs : row_convex -> 0 < lam -> glm_grad xs = 0 ->
  norm (th - xs) <= norm (glm_grad th) / lam.
Proof. by move=> cv l0; apply: residual_bound (glm_strongly_monotone cv). Qed.

Definition gram_le s := forall v, \sum_i w i * logit v i ^+ 2 <= s * norm v ^+ 2.
Definition weighted_sq : R := \sum_i w i * norm (sample i) ^+ 2.
Definition weighted_cube : R := \sum_i w i * norm (sample i) ^+ 3.

Lemma gram_le_sq : gram_le weighted_sq.
Proof.
move=> v; rewrite /weighted_sq mulr_suml; apply: ler_sum => i _.
by rewrite -mulrA ler_wpmul2l // logit_sq.
Qed.

Lemma weighted_sq_ge0 : 0 <= weighted_sq.
Proof. by apply: sumr_ge0 => i _; rewrite mulr_ge0 ?exprn_ge0 ?norm_ge0. Qed.

Lemma weighted_cube_ge0 : 0 <= weighted_cube.
Proof. by apply: sumr_ge0 => i _; rewrite mulr_ge0 ?exprn_ge0 ?norm_ge0. Qed.

Theorem glm_smooth c s : 0 <= c -> row_smooth c -> gram_le s ->
  smooth (lam + c * s) glm_loss glm_grad.
Proof.
move=> c0 sm gs u v; have : v = u + (v - u) by rewrite addrC subrK.
move: (v - u) => p ->.
rewrite /glm_loss gradE !dotDl dotZl dot_suml norm_expand dotDr.
have h : \sum_i w i * phi i (logit (u + p) i)
      <= (\sum_i w i * phi i (logit u i)) + (\sum_i (w i * dphi i (logit u i)) * logit p i)
         + c / 2%:R * (s * norm p ^+ 2).
  have h2 : c / 2%:R * (\sum_i w i * logit p i ^+ 2) <= c / 2%:R * (s * norm p ^+ 2).
    by apply: ler_wpmul2l (gs p); rewrite divr_ge0 ?ler0n.
  apply: le_trans (_ : (\sum_i w i * phi i (logit u i))
      + (\sum_i (w i * dphi i (logit u i)) * logit p i)
      + c / 2%:R * (\sum_i w i * logit p i ^+ 2) <= _); last by rewrite ler_add2l.
  rewrite mulr_sumr -!big_split; apply: ler_sum => i _ /=; rewrite logitD.
  have [_ h] := sm i (logit u i); have := ler_wpmul2l (w0 i) (h (logit p i)).
  move/le_trans; apply; rewrite le_eqVlt; apply/orP; left; apply/eqP.
  by ring.
rewrite -subr_ge0 in h; rewrite -subr_ge0; apply: le_trans h _.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
move: (\sum_i _) (\sum_i _) (\sum_i _) => a e f.
by field.
Qed.

Lemma glm_L_gt0 c s : 0 < lam -> 0 <= c -> 0 <= s -> 0 < lam + c * s.
Proof. by move=> l0 c0 s0; rewrite ltr_spaddl // mulr_ge0. Qed.

Theorem glm_cocoercive c s : 0 < lam -> 0 <= c -> 0 <= s ->
  row_convex -> row_smooth c -> gram_le s -> cocoercive (lam + c * s) glm_grad.
Proof.
move=> l0 c0 s0 cv sm gs; apply: BaillonHaddad (glm_smooth c0 sm gs); first exact: glm_L_gt0.
exact: strongly_convex_weaken (ltW l0) (glm_strongly_convex cv).
Qed.

Theorem glm_lipschitz c s : 0 < lam -> 0 <= c -> 0 <= s ->
  row_convex -> row_smooth c -> gram_le s -> lipschitz (lam + c * s) glm_grad.
Proof.
by move=> l0 c0 s0 cv sm gs; apply: cocoercive_lipschitz; [apply: glm_L_gt0 | apply: glm_cocoercive].
Qed.

(** A point is the exact (re)trained model iff the gradient vanishes there. *)
Theorem glm_minimiser_stationary c th : 0 < lam -> 0 <= c -> row_convex -> row_smooth c ->
  minimiser glm_loss th <-> glm_grad th = 0.
Proof.
move=> l0 c0 cv sm; split.
  apply: minimiser_stationary (glm_smooth c0 sm gram_le_sq).
  by rewrite glm_L_gt0 ?weighted_sq_ge0.
exact: stationary_minimiser (ltW l0) (glm_strongly_convex cv).
Qed.

(** ** Second order: the Hessian and how fast it turns. *)
Lemma dot_hess th v :
  dot v (glm_hess th *m v) = (\sum_i w i * ddphi i (logit th i) * logit v i ^+ 2) + lam * norm v ^+ 2.
Proof.
rewrite hess_mul dotDr dotZr -norm_sq dotC dot_suml; congr (_ + _).
by apply: eq_bigr => i _; rewrite expr2 !mulrA.
Qed.

Theorem glm_rayleigh th : row_convex -> rayleigh_ge lam (glm_hess th).
Proof.
move=> cv v; rewrite dot_hess ler_addr; apply: sumr_ge0 => i _.
by rewrite mulr_ge0 ?sqr_ge0 // mulr_ge0 ?w0 //; case: (cv i (logit th i)).
Qed.

Theorem glm_rayleigh_le c s th : 0 <= c -> row_smooth c -> gram_le s ->
  rayleigh_le (lam + c * s) (glm_hess th).
Proof.
move=> c0 sm gs v; rewrite dot_hess mulrDl addrC ler_add2l -mulrA.
apply: le_trans (_ : _ <= c * (\sum_i w i * logit v i ^+ 2)) _; last by rewrite ler_wpmul2l.
rewrite mulr_sumr; apply: ler_sum => i _; rewrite mulrA.
rewrite ler_wpmul2r ?sqr_ge0 // mulrC ler_wpmul2r ?w0 //.
by case: (sm i (logit th i)).
Qed.

Theorem glm_hessian_lipschitz K : 0 <= K -> row_third K ->
  hessian_lipschitz (K * weighted_cube) glm_hess.
Proof.
move=> K0 th3 u v p.
have -> : (glm_hess u - glm_hess v) *m p
        = \sum_i (w i * (ddphi i (logit u i) - ddphi i (logit v i)) * logit p i) *: sample i.
  rewrite mulmxBl !hess_mul opprD addrACA subrr addr0 -sumrB.
  by apply: eq_bigr => i _; rewrite -scalerBl; congr (_ *: _); ring.
apply: le_trans (norm_sum _ _ _) _.
rewrite /weighted_cube -!mulrA mulr_suml mulr_sumr; apply: ler_sum => i _.
rewrite normZ !normrM (ger0_norm (w0 i)).
have [h _] := th3 i (logit u i); have h1 := h (logit v i).
have h2 : `|ddphi i (logit u i) - ddphi i (logit v i)| <= K * (norm (sample i) * norm (u - v)).
  by apply: le_trans h1 _; rewrite ler_wpmul2l // -logitB logit_abs.
have := ler_pmul (normr_ge0 _) (normr_ge0 _) h2 (logit_abs p i).
move/(ler_wpmul2r (norm_ge0 (sample i)))/(ler_wpmul2l (w0 i)) => {}h.
apply: le_trans (_ : _ <= w i * (`|ddphi i (logit u i) - ddphi i (logit v i)|
   * `|logit p i| * norm (sample i))) _; first by rewrite !mulrA.
apply: le_trans h _.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.

Lemma glm_remainderE u p :
  taylor_remainder glm_grad glm_hess u (u + p)
  = \sum_i (w i * (dphi i (logit u i + logit p i) - dphi i (logit u i)
                   - ddphi i (logit u i) * logit p i)) *: sample i.
Proof.
rewrite /taylor_remainder; have -> : u + p - u = p by rewrite addrAC subrr add0r.
rewrite hess_mul !gradE scalerDr.
transitivity ((\sum_i (w i * dphi i (logit (u + p) i)) *: sample i)
  - (\sum_i (w i * dphi i (logit u i)) *: sample i)
  - (\sum_i (w i * ddphi i (logit u i) * logit p i) *: sample i)).
  by move: (\sum_i _) (\sum_i _) (\sum_i _) => a e f; vring.
rewrite -!sumrB; apply: eq_bigr => i _; rewrite -!scalerBl logitD.
by congr (_ *: _); ring.
Qed.

(** The remainder of one step, row by row ... *)
Theorem glm_remainder_rows K u p : row_third K ->
  norm (taylor_remainder glm_grad glm_hess u (u + p))
  <= K / 2%:R * (\sum_i w i * norm (sample i) * logit p i ^+ 2).
Proof.
move=> th3; rewrite glm_remainderE; apply: le_trans (norm_sum _ _ _) _.
rewrite mulr_sumr; apply: ler_sum => i _; rewrite normZ normrM (ger0_norm (w0 i)).
have [_ h] := th3 i (logit u i).
have := ler_wpmul2l (w0 i) (ler_wpmul2r (norm_ge0 (sample i)) (h (logit p i))).
rewrite mulrA => /le_trans; apply.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.

(** ... and through a bound [s] on the norm of the data matrix. *)
Theorem glm_remainder_spectral K s u p : 0 <= K -> 0 <= s -> row_third K ->
  (forall z : 'cV[R]_n, norm (X^T *m z) <= s * norm z) ->
  norm (taylor_remainder glm_grad glm_hess u (u + p))
  <= K / 2%:R * (s * norm (\col_i (w i * logit p i ^+ 2))).
Proof.
move=> K0 s0 th3 hX; rewrite glm_remainderE.
pose r i := dphi i (logit u i + logit p i) - dphi i (logit u i) - ddphi i (logit u i) * logit p i.
rewrite (_ : \sum_i _ = X^T *m \col_i (w i * r i)); last first.
  by rewrite data_mul; apply: eq_bigr => i _; rewrite mxE.
apply: le_trans (hX _) _; rewrite mulrCA ler_wpmul2l //.
have -> : K / 2%:R * norm (\col_i (w i * logit p i ^+ 2))
        = norm (K / 2%:R *: \col_i (w i * logit p i ^+ 2)).
  by rewrite normZ ger0_norm // divr_ge0 ?ler0n.
rewrite norm_le_norm; apply: ler_sum => i _; rewrite !mxE -!expr2.
have [_ h] := th3 i (logit u i); have {}h := h (logit p i).
rewrite -[X in X <= _]real_normK ?num_real // -[X in _ <= X]real_normK ?num_real //.
rewrite ler_sqr ?nnegrE // normrM (ger0_norm (w0 i)).
rewrite [X in _ <= X]ger0_norm; last first.
  by rewrite mulr_ge0 ?divr_ge0 ?ler0n // mulr_ge0 ?sqr_ge0.
by rewrite mulrCA ler_wpmul2l.
Qed.

Theorem glm_quadratic_remainder K : 0 <= K -> row_third K ->
  quadratic_remainder (K * weighted_cube) glm_grad glm_hess.
Proof.
move=> K0 th3 u v; have : v = u + (v - u) by rewrite addrC subrK.
move: (v - u) => p ->.
apply: le_trans (glm_remainder_rows u p th3) _.
have -> : K * weighted_cube / 2%:R * norm p ^+ 2 = K / 2%:R * (weighted_cube * norm p ^+ 2) by ring.
rewrite ler_wpmul2l ?divr_ge0 ?ler0n // /weighted_cube mulr_suml; apply: ler_sum => i _.
have -> : w i * norm (sample i) ^+ 3 * norm p ^+ 2
        = w i * norm (sample i) * (norm (sample i) ^+ 2 * norm p ^+ 2) by ring.
by rewrite ler_wpmul2l ?mulr_ge0 ?norm_ge0 ?logit_sq.
Qed.

(** ** The ladder.  The step [p] solves H p = -(g x - g0) up to [rho], where [g0]
    is what the original fit left of its own gradient, of norm at most [r0].
    From sharpest to coarsest: *)
Theorem glm_newton_ladder K r0 rho s u p g0 :
  0 <= K -> 0 <= s -> row_third K ->
  (forall z : 'cV[R]_n, norm (X^T *m z) <= s * norm z) ->
  norm g0 <= r0 -> norm (glm_hess u *m p + (glm_grad u - g0)) <= rho ->
  [/\ norm (glm_grad (u + p))
        <= r0 + rho + K / 2%:R * (s * norm (\col_i (w i * logit p i ^+ 2))),
      norm (glm_grad (u + p))
        <= r0 + rho + K / 2%:R * (\sum_i w i * norm (sample i) * logit p i ^+ 2) &
      norm (glm_grad (u + p)) <= r0 + rho + K * weighted_cube / 2%:R * norm p ^+ 2].
Proof.
move=> K0 s0 th3 hX h0 hr.
have res : norm (glm_hess u *m p + glm_grad u) <= r0 + rho.
  have -> : glm_hess u *m p + glm_grad u = g0 + (glm_hess u *m p + (glm_grad u - g0)).
    by move: (glm_hess u *m p) (glm_grad u) => a e; vring.
  by apply: le_trans (norm_triangle _ _) _; apply: ler_add.
split.
- exact: newton_residual_data (glm_remainder_spectral u p K0 s0 th3 hX) res.
- exact: newton_residual_data (glm_remainder_rows u p th3) res.
- exact: newton_residual (glm_quadratic_remainder K0 th3) res.
Qed.

End Model.

(** ** Two weightings of the same rows. *)
Section Reweighting.
Variables (R : rcfType) (n d : nat) (phi dphi ddphi : 'I_n -> R -> R).
Variables (w w' : 'I_n -> R) (lam c : R) (X : 'M[R]_(n, d)).

Theorem glm_reweighted_hessian th : row_convex phi dphi ddphi -> row_smooth phi dphi ddphi c ->
  opnorm_le (c * (\sum_i `|w i - w' i| * norm (sample X i) ^+ 2))
    (glm_hess ddphi w lam X th - glm_hess ddphi w' lam X th).
Proof.
move=> cv sm v; rewrite mulmxBl !hess_mul opprD addrACA subrr addr0 -sumrB.
apply: le_trans (norm_sum _ _ _) _; rewrite mulr_sumr mulr_suml; apply: ler_sum => i _.
rewrite -scalerBl -!mulrBl normZ !normrM -!mulrA.
have [d0 _] := cv i (logit X th i); have [d1 _] := sm i (logit X th i).
have h : `|ddphi i (logit X th i)| <= c by rewrite ger0_norm.
have := ler_pmul (normr_ge0 _) (normr_ge0 _) h (logit_abs X v i).
move/(ler_wpmul2r (norm_ge0 (sample X i)))/(ler_wpmul2l (normr_ge0 (w i - w' i))).
rewrite !mulrA => /le_trans; apply.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.
End Reweighting.

(** ** Masks: the model on the active coordinates [f] is the same model on the
    active columns, so every theorem above applies to it as it stands. *)
Section Masked.
Variables (R : rcfType) (n d k : nat) (f : 'I_k -> 'I_d).
Hypothesis f_inj : injective f.
Variables (phi dphi ddphi : 'I_n -> R -> R) (w : 'I_n -> R) (lam : R).
Variables (X : 'M[R]_(n, d)) (b : 'cV[R]_d).

Lemma colsub_pad : colsub f X = X *m pad R f.
Proof.
apply/matrixP => i j; rewrite !mxE (bigD1 (f j)) //= big1 ?addr0.
  by rewrite !mxE eqxx mulr1.
by move=> l /negbTE lj; rewrite !mxE lj mulr0.
Qed.

Lemma logit_masked z i : logit (colsub f X) z i = logit X (pad R f *m z) i.
Proof. by rewrite /logit colsub_pad mulmxA. Qed.

Theorem glm_masked_loss z :
  pruned_loss f 0 (glm_loss phi w lam X b) z = glm_loss phi w lam (colsub f X) (rowsub f b) z.
Proof.
rewrite /pruned_loss add0r /glm_loss norm_pad // dot_rowsub; congr (_ + _ + _).
by apply: eq_bigr => i _; rewrite logit_masked.
Qed.

Theorem glm_masked_grad z :
  pruned_grad f 0 (glm_grad dphi w lam X b) z = glm_grad dphi w lam (colsub f X) (rowsub f b) z.
Proof.
rewrite /pruned_grad add0r /glm_grad -!pad_trmul !mulmxDr -scalemxAr !mulmxA pad_isometry //.
rewrite mul1mx colsub_pad trmx_mul; congr (_ *m _ + _ + _).
by apply/colP => i; rewrite !mxE -colsub_pad logit_masked.
Qed.

Theorem glm_masked_hess z :
  mxsub f f (glm_hess ddphi w lam X (pad R f *m z)) = glm_hess ddphi w lam (colsub f X) z.
Proof.
have eD : diag_mx (\row_i (w i * ddphi i (logit X (pad R f *m z) i)))
        = diag_mx (\row_i (w i * ddphi i (logit (colsub f X) z i))).
  by congr diag_mx; apply/rowP => i; rewrite !mxE logit_masked.
rewrite principal_pad /glm_hess eD; move: (diag_mx _) => D; rewrite colsub_pad trmx_mul.
rewrite mulmxDr mulmxDl; congr (_ + _); first by rewrite !mulmxA.
by rewrite mul_mx_scalar -scalemxAl pad_isometry // scalemx1.
Qed.
End Masked.
