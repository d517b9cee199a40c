(** * GlmDerivative: over the reals, the gradient and the Hessian of Glm.v are the
    derivatives of the objective, and the scalar facts follow from derivatives.

    Theorems
      glm_loss_derivative   t |-> F(th + t v) has derivative <grad F(th), v> at 0
      glm_grad_derivative   the Hessian is the derivative of the gradient
      row_third_derivative  ddphi K-Lipschitz is enough for row_third K *)
From Coq Require Import Reals.
From Coquelicot Require Import Coquelicot.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From Unlearn Require Import Euclid Convex Newton Glm Slope HessianLipschitz.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.
#[local] Bind Scope ring_scope with R.

Section GlmDerivative.
Variables (n d : nat) (phi dphi ddphi : 'I_n -> R -> R).
Variables (w : 'I_n -> R) (lam : R) (X : 'M[R]_(n, d)) (b : 'cV[R]_d).
Hypothesis phi_derive : forall i a, is_derive (phi i) a (dphi i a).
Hypothesis dphi_derive : forall i a, is_derive (dphi i) a (ddphi i a).

Lemma is_derive_row (f f' : R -> R) (c a t : R) : (forall x, is_derive f x (f' x)) ->
  is_derive (fun s : R => c * f (a + s * t)) (0 : R) (c * (t * f' a)).
Proof.
move=> hd; apply: (is_derive_scal (fun s : R => f (a + s * t))).
have := is_derive_along f f' a t 0 hd.
by rewrite RmultE RplusE RmultE mul0r addr0.
Qed.

Theorem glm_loss_derivative th v :
  is_derive (fun t : R => glm_loss phi w lam X b (th + t *: v)) (0 : R)
    (dot (glm_grad dphi w lam X b th) v).
Proof.
have -> : dot (glm_grad dphi w lam X b th) v
  = \sum_i w i * (logit X v i * dphi i (logit X th i)) + lam / 2%:R * (2%:R * dot th v) + dot b v.
  rewrite gradE !dotDl dotZl dot_suml; congr (_ + _ + _).
    by apply: eq_bigr => i _; rewrite -mulrA [dphi _ _ * _]mulrC.
  by field.
apply: (is_derive_ext (fun t : R => \sum_i w i * phi i (logit X th i + t * logit X v i)
   + lam / 2%:R * (norm th ^+ 2 + 2%:R * (t * dot th v) + t ^+ 2 * norm v ^+ 2)
   + (dot b th + t * dot b v))).
  move=> t; rewrite /glm_loss norm_expand dotZr dotDr dotZr; congr (_ + _ * _ + _).
    by apply: eq_bigr => i _; rewrite logitD logitZ.
  by rewrite normZ exprMn real_normK ?num_real.
apply: (@is_derive_plus _ _ (fun t : R => \sum_i w i * phi i (logit X th i + t * logit X v i)
   + lam / 2%:R * (norm th ^+ 2 + 2%:R * (t * dot th v) + t ^+ 2 * norm v ^+ 2))
   (fun t : R => dot b th + t * dot b v)).
  apply: (@is_derive_plus _ _ (fun t : R => \sum_i w i * phi i (logit X th i + t * logit X v i))
     (fun t : R => lam / 2%:R * (norm th ^+ 2 + 2%:R * (t * dot th v) + t ^+ 2 * norm v ^+ 2))).
    by apply: is_derive_bigsum => i; apply: is_derive_row (phi_derive i).
  exact: (is_derive_quadratic (lam / 2%:R) (norm th ^+ 2) (dot th v) (norm v ^+ 2)).
have := is_derive_affine (dot b th) (dot b v) 1 0; rewrite RmultE mul1r.
by apply: is_derive_ext => t; rewrite RmultE mul1r.
Qed.

Theorem glm_grad_derivative :
  derivative_of (glm_grad dphi w lam X b) (glm_hess ddphi w lam X).
Proof.
move=> u v j; rewrite hess_mul mxE [(lam *: v) j 0]mxE.
apply: (is_derive_ext (fun t : R => \sum_i w i * X i j * dphi i (logit X u i + t * logit X v i)
   + (lam * (u j 0 + t * v j 0) + b j 0))).
  move=> t; rewrite gradE !mxE summxE -addrA; congr (_ + _).
  by apply: eq_bigr => i _; rewrite !mxE logitD logitZ mulrAC.
apply: (@is_derive_plus _ _
   (fun t : R => \sum_i w i * X i j * dphi i (logit X u i + t * logit X v i))
   (fun t : R => lam * (u j 0 + t * v j 0) + b j 0)).
  rewrite summxE; apply: is_derive_bigsum => i; rewrite !mxE.
  have -> : w i * ddphi i (logit X u i) * logit X v i * X i j
          = w i * X i j * (logit X v i * ddphi i (logit X u i)) by ring.
  exact: is_derive_row (dphi_derive i).
rewrite -[lam * v j 0]addr0.
apply: (@is_derive_plus _ _ (fun t : R => lam * (u j 0 + t * v j 0)) (fun=> b j 0)).
  exact: is_derive_affine.
exact: is_derive_const.
Qed.

Theorem row_third_derivative (K : R) :
  (forall i a c, `|ddphi i a - ddphi i c| <= K * `|a - c|) -> row_third dphi ddphi K.
Proof.
by move=> hl i a; split=> [c|t]; [apply: hl | apply: scalar_taylorE].
Qed.
End GlmDerivative.
