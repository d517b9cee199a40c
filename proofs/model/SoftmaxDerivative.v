(** * SoftmaxDerivative: the gradient and the Hessian of SoftmaxModel.v are the
    derivatives of the loss, and the Hessian is Lipschitz with the sharp constant.

    Definitions
      trilinear p u v r          E[(u - Eu)(v - Ev)(r - Er)] under p

    Theorems
      trilinear_le               |trilinear p u v r| <= sqrt 2/(3 sqrt 3) |u| |v| |r|
      covariance_derivative_along   the derivative of a covariance under prob z along r
      softmax_loss_derivative    t |-> F(th + t v) has derivative <grad F(th), v> at 0
      softmax_derivative         the Hessian is the derivative of the gradient
      softmax_hessian_lipschitz  |(H u - H v) p| <= Q |u - v| |p|,
                                 Q = sqrt 2/(3 sqrt 3) sum_i w_i s_i^3 *)
From Coq Require Import Reals.
From Coquelicot Require Import Coquelicot.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From Unlearn Require Import Euclid Convex Newton Softmax Multi Slope HessianLipschitz
  SoftmaxModel SoftmaxHessian.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.
#[local] Bind Scope ring_scope with R.

Section Trilinear.
Variables (n : nat) (p : 'I_n -> R).
Hypotheses (p0 : forall i, 0 <= p i) (p1 : \sum_i p i = 1).
Implicit Types (u v r : 'cV[R]_n).

Definition trilinear u v r : R := mean p (fun c => centred p u c * centred p v c * centred p r c).

Lemma trilinear_mixed u v : trilinear u v v = mixed p u v.
Proof. by apply: eq_mean => c; rewrite expr2 mulrA. Qed.

Lemma centredD u v c : centred p (u + v) c = centred p u c + centred p v c.
Proof. by have := centred_lin p 1 1 u v c; rewrite !scale1r !mul1r. Qed.

Lemma centredB u v c : centred p (u - v) c = centred p u c - centred p v c.
Proof. by have := centred_lin p 1 (-1) u v c; rewrite scale1r scaleN1r mul1r mulN1r. Qed.

Lemma centredZ (a : R) v c : centred p (a *: v) c = a * centred p v c.
Proof. by have := centred_lin p a 0 v 0 c; rewrite scale0r addr0 mul0r addr0. Qed.

Lemma trilinear_scale (a b : R) u v r : trilinear u (a *: v) (b *: r) = a * b * trilinear u v r.
Proof.
rewrite /trilinear -meanZ; apply: eq_mean => c; rewrite !centredZ.
by move: (centred p u c) (centred p v c) (centred p r c) => *; ring.
Qed.

Lemma trilinear_polar u v r :
  4%:R * trilinear u v r = mixed p u (v + r) - mixed p u (v - r).
Proof.
rewrite /trilinear /mixed -meanZ.
have -> : mean p (fun c => centred p u c * centred p (v + r) c ^+ 2)
  - mean p (fun c => centred p u c * centred p (v - r) c ^+ 2)
  = mean p (fun c => centred p u c * centred p (v + r) c ^+ 2
     + (-1) * (centred p u c * centred p (v - r) c ^+ 2)) by rewrite meanD meanZ mulN1r.
apply: eq_mean => c; rewrite centredD centredB.
by move: (centred p u c) (centred p v c) (centred p r c) => *; ring.
Qed.

Lemma trilinear_half u v r :
  2%:R * `|trilinear u v r| <= softmax_third_max * norm u * (norm v ^+ 2 + norm r ^+ 2).
Proof.
have four : 4%:R = 2%:R * 2%:R :> R by rewrite -natrM.
rewrite -(ler_pmul2l (ltr0n _ 2)) mulrA -four.
have -> : 4%:R * `|trilinear u v r| = `|4%:R * trilinear u v r|.
  by rewrite normrM ger0_norm ?ler0n.
rewrite trilinear_polar; apply: le_trans (ler_norm_sub _ _) _.
apply: le_trans (ler_add (mixed_le p0 p1 u (v + r)) (mixed_le p0 p1 u (v - r))) _.
rewrite le_eqVlt; apply/orP; left; apply/eqP; rewrite !norm_sq !dotE (dotC r v).
by move: softmax_third_max (norm u) (dot v v) (dot r r) (dot v r) => *; ring.
Qed.

Theorem trilinear_le u v r :
  `|trilinear u v r| <= softmax_third_max * norm u * norm v * norm r.
Proof.
have [->|v0] := eqVneq v 0.
  have -> : trilinear u 0 r = 0.
    by have := trilinear_scale 0 1 u 0 r; rewrite scale0r scale1r !mul0r.
  by rewrite normr0 norm0 mulr0 mul0r.
have [->|r0] := eqVneq r 0.
  have -> : trilinear u v 0 = 0.
    by have := trilinear_scale 1 0 u v 0; rewrite scale0r scale1r mulr0 !mul0r.
  by rewrite normr0 norm0 mulr0.
have nv : 0 < norm v by rewrite norm_gt0.
have nr : 0 < norm r by rewrite norm_gt0.
have := trilinear_half u ((norm v)^-1 *: v) ((norm r)^-1 *: r).
have unit1 (x : 'cV[R]_n) : 0 < norm x -> norm ((norm x)^-1 *: x) = 1.
  by move=> nx; rewrite normZ ger0_norm ?invr_ge0 ?norm_ge0 // mulVf // gt_eqF.
rewrite !unit1 // !expr1n trilinear_scale normrM.
have -> : 1 + 1 = 2%:R :> R by rewrite mulr2n.
rewrite [X in _ <= X]mulrC ler_pmul2l ?ltr0n // ger0_norm; last first.
  by rewrite mulr_ge0 ?invr_ge0 ?norm_ge0.
rewrite -invfM ler_pdivr_mull ?mulr_gt0 // => h; apply: le_trans h _.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.
End Trilinear.

Section Row.
Variables (n k : nat) (y : 'I_n -> 'cV[R]_k.+1).
Implicit Types (z t r u : 'cV[R]_k.+1).

Lemma trilinearE (p : 'I_k.+1 -> R) u t r : \sum_c p c = 1 ->
  trilinear p u t r = mean p (fun c => u c 0 * t c 0 * r c 0)
    - mean p (fun c => u c 0 * t c 0) * mean p (entries r)
    - (covariance p u r * mean p (entries t) + mean p (entries u) * covariance p t r).
Proof.
move=> p1; rewrite /trilinear /covariance.
pose a := mean p (entries u); pose b := mean p (entries t); pose e := mean p (entries r).
transitivity (mean p (fun c => u c 0 * t c 0 * r c 0 + ((- e) * (u c 0 * t c 0)
   + ((- b) * (u c 0 * r c 0) + ((- a) * (t c 0 * r c 0) + ((b * e) * entries u c
   + ((a * e) * entries t c + ((a * b) * entries r c + - (a * b * e))))))))).
  apply: eq_mean => c; rewrite /centred -/a -/b -/e /entries.
  by move: (u c 0) (t c 0) (r c 0) a b e => *; ring.
rewrite !meanD !meanZ mean_const // -/a -/b -/e.
by move: (mean _ _) (mean _ _) (mean _ _) (mean _ _) a b e => *; ring.
Qed.

Theorem covariance_derivative_along z r u t (s : R) :
  is_derive (fun s : R => covariance (prob (z + s *: r)) u t) s
    (trilinear (prob (z + s *: r)) u t r).
Proof.
rewrite trilinearE ?prob_sum1 //.
apply: (@is_derive_minus _ _ (fun s : R => mean (prob (z + s *: r)) (fun c => u c 0 * t c 0))
  (fun s : R => mean (prob (z + s *: r)) (entries u) * mean (prob (z + s *: r)) (entries t))).
  exact: (mean_derivative z r (fun c => u c 0 * t c 0) s).
apply: (@is_derive_mult _ (fun s : R => mean (prob (z + s *: r)) (entries u))
  (fun s : R => mean (prob (z + s *: r)) (entries t))).
- exact: (mean_derivative z r (entries u) s).
- exact: (mean_derivative z r (entries t) s).
- by move=> a b; apply: Rmult_comm.
Qed.

Theorem cross_entropy_hess_lipschitz (i : 'I_n) z r t :
  norm ((ddcross_entropy i (z + r) - ddcross_entropy i z) *m t)
  <= softmax_third_max * norm r * norm t.
Proof.
set x := _ *m t; have [->|x0] := eqVneq x 0.
  rewrite norm0; apply: mulr_ge0; last exact: norm_ge0.
  by apply: mulr_ge0; [apply: softmax_third_max_ge0 | apply: norm_ge0].
have nx : 0 < norm x by rewrite norm_gt0.
rewrite -(ler_pmul2l nx) -expr2 norm_sq {2}/x mulmxBl dotBr !dot_hess.
pose f s := covariance (prob (z + s *: r)) x t.
have -> : covariance (prob (z + r)) x t - covariance (prob z) x t = f 1 - f 0.
  by rewrite /f scale1r scale0r addr0.
apply/RleP; apply: (@increment_le_slope f (fun s => trilinear (prob (z + s *: r)) x t r)).
  by move=> s _; apply: covariance_derivative_along.
move=> s _; apply/RleP; apply: le_trans (ler_norm _) _.
apply: le_trans (trilinear_le (prob_ge0 _) (prob_sum1 _) x t r) _.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.

Lemma cross_entropy_derive i z r :
  is_derive (fun s : R => cross_entropy y i (z + s *: r)) (0 : R) (dot (dcross_entropy y i z) r).
Proof.
rewrite /dcross_entropy dotBl dot_prob.
apply: (@is_derive_minus _ _ (fun s : R => lse (z + s *: r)) (fun s : R => dot (y i) (z + s *: r))).
  by have := lse_derivative z r 0; rewrite scale0r addr0.
have := is_derive_affine (dot (y i) z) (dot (y i) r) 1 0; rewrite RmultE mul1r.
by apply: is_derive_ext => s; rewrite RmultE mul1r dotDr dotZr.
Qed.

Lemma dcross_entropy_derive i z r c :
  is_derive (fun s : R => dcross_entropy y i (z + s *: r) c 0) (0 : R)
    ((ddcross_entropy i z *m r) c 0).
Proof.
pose e : 'I_k.+1 -> R := fun j => (j == c)%:R.
have pe (p : 'I_k.+1 -> R) v : mean p (fun j => e j * v j) = p c * v c.
  rewrite /mean (bigD1 c) //= big1 ?addr0 /e ?eqxx ?mul1r //.
  by move=> j /negbTE jc; rewrite jc mul0r mulr0.
have pe1 (p : 'I_k.+1 -> R) : mean p e = p c.
  by have := pe p (fun=> 1); rewrite mulr1 => <-; apply: eq_mean => j; rewrite mulr1.
have -> : (ddcross_entropy i z *m r) c 0
  = mean (prob (z + 0 *: r)) (fun j => e j * r j 0)
    - mean (prob (z + 0 *: r)) e * mean (prob (z + 0 *: r)) (fun j => r j 0) - 0.
  rewrite scale0r addr0 subr0 pe pe1 mulmxBl mxE mul_diag_mx -mulmxA.
  have -> : (\row_c prob z c) *m r = (mean (prob z) (entries r))%:M.
    by apply/matrixP => i' j; rewrite !ord1 !mxE eqxx mulr1n; apply: eq_bigr => l _; rewrite mxE.
  by rewrite mul_mx_scalar !mxE [X in _ - X]mulrC.
apply: (is_derive_ext (fun s : R => mean (prob (z + s *: r)) e - y i c 0)).
  by move=> s; rewrite pe1 !mxE.
apply: (@is_derive_minus _ _ (fun s : R => mean (prob (z + s *: r)) e) (fun=> y i c 0)).
  exact: mean_derivative.
exact: is_derive_const.
Qed.
End Row.

Section Model.
Variables (n k d : nat) (w : 'I_n -> R) (lam : R).
Variables (S : 'I_n -> 'M[R]_(k.+1, d)) (y : 'I_n -> 'cV[R]_k.+1) (b : 'cV[R]_d) (s : 'I_n -> R).
Implicit Types (th u v p : 'cV[R]_d).

Theorem softmax_loss_derivative th v :
  is_derive (fun t : R => softmax_loss w lam S y b (th + t *: v)) (0 : R)
    (dot (softmax_grad w lam S y b th) v).
Proof.
have -> : dot (softmax_grad w lam S y b th) v
  = (\sum_i w i * dot (dcross_entropy y i (S i *m th)) (S i *m v))
    + lam / 2%:R * (2%:R * dot th v) + dot b v.
  rewrite /softmax_grad /multi_grad !dotDl dotZl multi_data_dot; congr (_ + _ + _).
  by field.
apply: (is_derive_ext (fun t : R =>
   (\sum_i w i * cross_entropy y i (S i *m th + t *: (S i *m v)))
   + lam / 2%:R * (norm th ^+ 2 + 2%:R * (t * dot th v) + t ^+ 2 * norm v ^+ 2)
   + (dot b th + t * dot b v))).
  move=> t; rewrite /softmax_loss /multi_loss dotDr dotZr; congr (_ + _ * _ + _).
    by apply: eq_bigr => i _; rewrite mulmxDr -scalemxAr.
  rewrite !norm_sq !dotE (dotC v th).
  by move: (dot th th) (dot th v) (dot v v) => a e f; ring.
apply: (@is_derive_plus _ _ (fun t : R =>
   (\sum_i w i * cross_entropy y i (S i *m th + t *: (S i *m v)))
   + lam / 2%:R * (norm th ^+ 2 + 2%:R * (t * dot th v) + t ^+ 2 * norm v ^+ 2))
   (fun t : R => dot b th + t * dot b v)).
  apply: (@is_derive_plus _ _ (fun t : R =>
     \sum_i w i * cross_entropy y i (S i *m th + t *: (S i *m v)))
     (fun t : R => lam / 2%:R * (norm th ^+ 2 + 2%:R * (t * dot th v) + t ^+ 2 * norm v ^+ 2))).
    apply: is_derive_bigsum => i.
    exact: (is_derive_scal (fun t : R => cross_entropy y i (S i *m th + t *: (S i *m v))) 0 (w i) _
      (cross_entropy_derive y i (S i *m th) (S i *m v))).
  exact: (is_derive_quadratic (lam / 2%:R) (norm th ^+ 2) (dot th v) (norm v ^+ 2)).
have := is_derive_affine (dot b th) (dot b v) 1 0; rewrite RmultE mul1r.
by apply: is_derive_ext => t; rewrite RmultE mul1r.
Qed.

Theorem softmax_derivative : derivative_of (softmax_grad w lam S y b) (softmax_hess w lam S).
Proof.
move=> u v j; rewrite multi_hess_mul mxE [(lam *: v) j 0]mxE.
apply: (is_derive_ext (fun t : R =>
   (\sum_i w i * (\sum_c S i c j * dcross_entropy y i (S i *m u + t *: (S i *m v)) c 0))
   + (lam * (u j 0 + t * v j 0) + b j 0))).
  move=> t; rewrite /softmax_grad /multi_grad !mxE summxE -addrA; congr (_ + _).
  apply: eq_bigr => i _; rewrite mxE; congr (_ * _). rewrite [S i *m (u + _)]mulmxDr -[S i *m (t *: v)]scalemxAr mxE.
  by apply: eq_bigr => c _; rewrite [_^T _ _]mxE.
apply: (@is_derive_plus _ _ (fun t : R =>
   \sum_i w i * (\sum_c S i c j * dcross_entropy y i (S i *m u + t *: (S i *m v)) c 0))
   (fun t : R => lam * (u j 0 + t * v j 0) + b j 0)).
  rewrite summxE; apply: is_derive_bigsum => i; rewrite mxE.
  apply: (is_derive_scal (fun t : R =>
    \sum_c S i c j * dcross_entropy y i (S i *m u + t *: (S i *m v)) c 0)).
  rewrite mxE; apply: is_derive_bigsum => c; rewrite [_^T _ _]mxE.
  exact: (is_derive_scal (fun t : R => dcross_entropy y i (S i *m u + t *: (S i *m v)) c 0) 0
    (S i c j) _ (dcross_entropy_derive y i (S i *m u) (S i *m v) c)).
rewrite -[lam * v j 0]addr0.
apply: (@is_derive_plus _ _ (fun t : R => lam * (u j 0 + t * v j 0)) (fun=> b j 0)).
  exact: is_derive_affine.
exact: is_derive_const.
Qed.

Hypotheses (w0 : forall i, 0 <= w i) (sS : score_norm S s) (s0 : forall i, 0 <= s i).

Theorem softmax_hessian_lipschitz : hessian_lipschitz (softmax_Q w s) (softmax_hess w lam S).
Proof.
move=> u v p; rewrite mulmxBl !multi_hess_mul opprD addrACA subrr addr0 -sumrB.
have -> : softmax_Q w s * norm (u - v) * norm p
  = \sum_i softmax_third_max * (w i * s i ^+ 3 * (norm (u - v) * norm p)).
  by rewrite /softmax_Q /score_cube; move: softmax_third_max => K; rewrite -!mulrA mulr_suml mulr_sumr.
apply: le_trans (norm_sum _ _ _) _; apply: ler_sum => i _; rewrite -scalerBr -mulmxBr -mulmxBl normZ (ger0_norm (w0 i)).
have -> : softmax_third_max * (w i * s i ^+ 3 * (norm (u - v) * norm p))
  = w i * (s i * (softmax_third_max * (s i * norm (u - v)) * (s i * norm p))) by ring.
rewrite ler_wpmul2l //; apply: le_trans (score_norm_tr sS s0 _ _) _; rewrite ler_wpmul2l //.
have e : S i *m u = S i *m v + S i *m (u - v) by rewrite -mulmxDr addrC subrK.
rewrite e; apply: le_trans (cross_entropy_hess_lipschitz _ _ _ _) _.
have K0 := softmax_third_max_ge0; have n0 := norm_ge0.
apply: ler_pmul; [exact: mulr_ge0 | exact: n0 | | exact: sS].
by apply: ler_wpmul2l => //; apply: sS.
Qed.
End Model.
