(** * Multi: weighted, ridge-regularised linear models with several scores per row,
      F(th) = sum_i w_i phi_i(S_i th) + lam/2 |th|^2 + <b, th>,   w_i >= 0,
    S_i the matrix that turns parameters into the scores of row i (for softmax
    regression S_i th = W x_i, of norm |x_i|).  Axiom-free; Glm.v is the case of one score.

    Facts about the row losses (dphi gradient, ddphi Hessian, in the scores)
      rows_convex    phi a + <dphi a, t> <= phi (a + t)  and  0 <= <t, ddphi a t>
      rows_smooth c  phi (a + t) <= phi a + <dphi a, t> + c/2 |t|^2
      rows_third K   |dphi (a + t) - dphi a - ddphi a t| <= K/2 |t|^2
      score_norm s   |S_i v| <= s_i |v|

    Theorems
      multi_strongly_convex, multi_strongly_monotone   modulus lam
      multi_smooth, multi_cocoercive, multi_lipschitz  constant lam + c sum_i w_i s_i^2
      multi_minimiser_stationary, multi_residual_bound, multi_rayleigh
      multi_remainder_rows         K/2 sum_i w_i s_i |S_i p|^2
      multi_quadratic_remainder    Q = K sum_i w_i s_i^3 *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Newton.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Model.
Variables (R : rcfType) (n k d : nat).
Variables (phi : 'I_n -> 'cV[R]_k -> R) (dphi : 'I_n -> 'cV[R]_k -> 'cV[R]_k)
  (ddphi : 'I_n -> 'cV[R]_k -> 'M[R]_k).

Definition rows_convex := forall i a t,
  phi i a + dot (dphi i a) t <= phi i (a + t) /\ 0 <= dot t (ddphi i a *m t).

Definition rows_smooth (c : R) := forall i a t,
  phi i (a + t) <= phi i a + dot (dphi i a) t + c / 2%:R * norm t ^+ 2.

Definition rows_third (K : R) := forall i a t,
  norm (dphi i (a + t) - dphi i a - ddphi i a *m t) <= K / 2%:R * norm t ^+ 2.

Variables (w : 'I_n -> R) (lam : R) (S : 'I_n -> 'M[R]_(k, d)) (b : 'cV[R]_d) (s : 'I_n -> R).
Hypothesis w0 : forall i, 0 <= w i.
Implicit Types (th u v p : 'cV[R]_d) (c K : R).

Definition score_norm := forall i v, norm (S i *m v) <= s i * norm v.

Definition multi_loss th : R :=
  (\sum_i w i * phi i (S i *m th)) + lam / 2%:R * norm th ^+ 2 + dot b th.

Definition multi_grad th : 'cV[R]_d :=
  (\sum_i w i *: ((S i)^T *m dphi i (S i *m th))) + lam *: th + b.

Definition multi_hess th : 'M[R]_d :=
  (\sum_i w i *: ((S i)^T *m ddphi i (S i *m th) *m S i)) + lam%:M.

Lemma dot_sum (F : 'I_n -> 'cV[R]_d) v : dot (\sum_i F i) v = \sum_i dot (F i) v.
Proof.
elim/big_rec2: _ => [|i y x _ <-]; first by rewrite dot0l.
by rewrite dotDl.
Qed.

Lemma multi_data_dot th v :
  dot (\sum_i w i *: ((S i)^T *m dphi i (S i *m th))) v
  = \sum_i w i * dot (dphi i (S i *m th)) (S i *m v).
Proof.
rewrite dot_sum; apply: eq_bigr => i _; rewrite dotZl; congr (_ * _).
by rewrite dotC dot_trmulmx dotC.
Qed.

Let norm_expand u v : norm (u + v) ^+ 2 = norm u ^+ 2 + 2%:R * dot u v + norm v ^+ 2.
Proof. by rewrite !norm_sq !dotE (dotC v u); ring. Qed.

Theorem multi_strongly_convex : rows_convex -> strongly_convex lam multi_loss multi_grad.
Proof.
move=> cv u v; have : v = u + (v - u) by rewrite addrC subrK.
move: (v - u) => p ->.
rewrite /multi_loss /multi_grad !dotDl dotZl multi_data_dot norm_expand dotDr.
have h : (\sum_i w i * phi i (S i *m u)) + (\sum_i w i * dot (dphi i (S i *m u)) (S i *m p))
      <= \sum_i w i * phi i (S i *m (u + p)).
  rewrite -big_split; apply: ler_sum => i _ /=; rewrite mulmxDr -mulrDr.
  by apply: ler_wpmul2l; rewrite ?w0 //; case: (cv i (S i *m u) (S i *m p)).
rewrite -subr_ge0 in h; rewrite -subr_ge0; apply: le_trans h _.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
move: (\sum_i _) (\sum_i _) (\sum_i _) => a e f.
by field.
Qed.

Theorem multi_strongly_monotone : rows_convex -> strongly_monotone lam multi_grad.
Proof. by move=> cv; apply: strongly_convex_monotone (multi_strongly_convex cv). Qed.

Theorem multi_residual_bound th xs : rows_convex -> 0 < lam -> multi_grad xs = 0 ->
  norm (th - xs) <= norm (multi_grad th) / lam.
Proof. by move=> cv l0; apply: residual_bound (multi_strongly_monotone cv). Qed.

Definition score_sq : R := \sum_i w i * s i ^+ 2.
Definition score_cube : R := \sum_i w i * s i ^+ 3.

Hypotheses (sS : score_norm) (s0 : forall i, 0 <= s i).

Lemma score_sq_ge0 : 0 <= score_sq.
Proof. by apply: sumr_ge0 => i _; rewrite mulr_ge0 ?exprn_ge0. Qed.

Lemma score_norm_sq i v : norm (S i *m v) ^+ 2 <= s i ^+ 2 * norm v ^+ 2.
Proof. by rewrite -exprMn ler_sqr ?nnegrE ?norm_ge0 ?mulr_ge0 ?norm_ge0. Qed.

(** The transpose has the same norm. *)
Lemma score_norm_tr i (z : 'cV[R]_k) : norm ((S i)^T *m z) <= s i * norm z.
Proof.
set y := _ *m z; have [->|y0] := eqVneq y 0; first by rewrite norm0 mulr_ge0 ?norm_ge0.
have ny : 0 < norm y by rewrite norm_gt0.
rewrite -(ler_pmul2r ny) -expr2 norm_sq {1}/y dotC dot_trmulmx.
apply: le_trans (CauchySchwarz _ _) _.
by rewrite mulrAC ler_wpmul2r ?norm_ge0.
Qed.

Theorem multi_smooth c : 0 <= c -> rows_smooth c ->
  smooth (lam + c * score_sq) multi_loss multi_grad.
Proof.
move=> c0 sm u v; have : v = u + (v - u) by rewrite addrC subrK.
move: (v - u) => p ->.
rewrite /multi_loss /multi_grad !dotDl dotZl multi_data_dot norm_expand dotDr.
have h : \sum_i w i * phi i (S i *m (u + p))
      <= (\sum_i w i * phi i (S i *m u)) + (\sum_i w i * dot (dphi i (S i *m u)) (S i *m p))
         + c / 2%:R * (score_sq * norm p ^+ 2).
  rewrite /score_sq mulr_suml mulr_sumr -!big_split; apply: ler_sum => i _ /=.
  rewrite mulmxDr; apply: le_trans (ler_wpmul2l (w0 i) (sm i (S i *m u) (S i *m p))) _.
  rewrite !mulrDr ler_add2l.
  have -> : c / 2%:R * (w i * s i ^+ 2 * norm p ^+ 2)
          = w i * (c / 2%:R * (s i ^+ 2 * norm p ^+ 2)) by ring.
  by rewrite ler_wpmul2l // ler_wpmul2l ?score_norm_sq // divr_ge0 ?ler0n.
rewrite -subr_ge0 in h; rewrite -subr_ge0; apply: le_trans h _.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
move: (\sum_i _) (\sum_i _) (\sum_i _) => a e f.
by field.
Qed.

Lemma multi_L_gt0 c : 0 < lam -> 0 <= c -> 0 < lam + c * score_sq.
Proof. by move=> l0 c0; rewrite ltr_spaddl // mulr_ge0 ?score_sq_ge0. Qed.

Theorem multi_cocoercive c : 0 < lam -> 0 <= c -> rows_convex -> rows_smooth c ->
  cocoercive (lam + c * score_sq) multi_grad.
Proof.
move=> l0 c0 cv sm; apply: BaillonHaddad (multi_smooth c0 sm); first exact: multi_L_gt0.
exact: strongly_convex_weaken (ltW l0) (multi_strongly_convex cv).
Qed.

Theorem multi_lipschitz c : 0 < lam -> 0 <= c -> rows_convex -> rows_smooth c ->
  lipschitz (lam + c * score_sq) multi_grad.
Proof.
by move=> l0 c0 cv sm; apply: cocoercive_lipschitz; [apply: multi_L_gt0 | apply: multi_cocoercive].
Qed.

Theorem multi_minimiser_stationary c th : 0 < lam -> 0 <= c -> rows_convex -> rows_smooth c ->
  minimiser multi_loss th <-> multi_grad th = 0.
Proof.
move=> l0 c0 cv sm; split.
  exact: minimiser_stationary (multi_L_gt0 l0 c0) (multi_smooth c0 sm).
exact: stationary_minimiser (ltW l0) (multi_strongly_convex cv).
Qed.

Lemma multi_hess_mul th v : multi_hess th *m v
  = (\sum_i w i *: ((S i)^T *m (ddphi i (S i *m th) *m (S i *m v)))) + lam *: v.
Proof.
rewrite mulmxDl mul_scalar_mx mulmx_suml; congr (_ + _).
by apply: eq_bigr => i _; rewrite -scalemxAl !mulmxA.
Qed.

Theorem multi_rayleigh th : rows_convex -> rayleigh_ge lam (multi_hess th).
Proof.
move=> cv v; rewrite multi_hess_mul dotDr dotZr -norm_sq ler_addr dotC dot_sum.
apply: sumr_ge0 => i _; rewrite dotZl mulr_ge0 // dotC dot_trmulmx.
by case: (cv i (S i *m th) (S i *m v)).
Qed.

Theorem multi_remainder_rows K u p : rows_third K ->
  norm (taylor_remainder multi_grad multi_hess u (u + p))
  <= K / 2%:R * (\sum_i w i * s i * norm (S i *m p) ^+ 2).
Proof.
move=> th3; rewrite /taylor_remainder; have -> : u + p - u = p by rewrite addrAC subrr add0r.
have -> : multi_grad (u + p) - multi_grad u - multi_hess u *m p
  = \sum_i w i *: ((S i)^T *m (dphi i (S i *m u + S i *m p) - dphi i (S i *m u)
                               - ddphi i (S i *m u) *m (S i *m p))).
  rewrite multi_hess_mul /multi_grad scalerDr.
  transitivity ((\sum_i w i *: ((S i)^T *m dphi i (S i *m (u + p))))
    - (\sum_i w i *: ((S i)^T *m dphi i (S i *m u)))
    - (\sum_i w i *: ((S i)^T *m (ddphi i (S i *m u) *m (S i *m p))))).
    by move: (\sum_i _) (\sum_i _) (\sum_i _) => a e f; vring.
  rewrite -!sumrB; apply: eq_bigr => i _.
  by rewrite [S i *m (u + p)]mulmxDr -!scalerBr -!mulmxBr.
apply: le_trans (norm_sum _ _ _) _; rewrite mulr_sumr; apply: ler_sum => i _.
rewrite normZ (ger0_norm (w0 i)).
have -> : K / 2%:R * (w i * s i * norm (S i *m p) ^+ 2)
        = w i * (s i * (K / 2%:R * norm (S i *m p) ^+ 2)) by ring.
rewrite ler_wpmul2l //; apply: le_trans (score_norm_tr _ _) _.
by rewrite ler_wpmul2l.
Qed.

Theorem multi_quadratic_remainder K : 0 <= K -> rows_third K ->
  quadratic_remainder (K * score_cube) multi_grad multi_hess.
Proof.
move=> K0 th3 u v; have : v = u + (v - u) by rewrite addrC subrK.
move: (v - u) => p ->.
apply: le_trans (multi_remainder_rows u p th3) _.
have -> : K * score_cube / 2%:R * norm p ^+ 2 = K / 2%:R * (score_cube * norm p ^+ 2) by ring.
rewrite ler_wpmul2l ?divr_ge0 ?ler0n // /score_cube mulr_suml; apply: ler_sum => i _.
have -> : w i * s i ^+ 3 * norm p ^+ 2 = w i * s i * (s i ^+ 2 * norm p ^+ 2) by ring.
by rewrite ler_wpmul2l ?mulr_ge0 ?score_norm_sq.
Qed.
End Model.
