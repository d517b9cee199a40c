(** * Main: the headline theorems, restated with every hypothesis explicit and
    no section context.  A reviewer needs only this file and the definitions it
    names.  Nothing is proved here beyond [exact]: a theorem [x] of this file is
    the theorem [x] of the module named above it.
    No axiom: [R] is any real closed field, in particular the reals. *)
From mathcomp Require Import all_ssreflect all_algebra.
From Unlearn Require Import Euclid Convex Newton Influence Removal Ridge Submatrix Softmax.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Main.
Variable R : rcfType.


(** ** Certificates from the gradient (Convex.v) *)

Theorem residual_bound (d : nat) (mu : R) (g : 'cV[R]_d -> 'cV[R]_d) (x xs : 'cV[R]_d) :
  0 < mu ->
  (forall u v, mu * norm (u - v) ^+ 2 <= dot (g u - g v) (u - v)) ->
  g xs = 0 ->
  norm (x - xs) <= norm (g x) / mu.
Proof. exact: residual_bound. Qed.

Theorem residual_lower_bound (d : nat) (L : R) (g : 'cV[R]_d -> 'cV[R]_d) (x xs : 'cV[R]_d) :
  0 < L ->
  (forall u v, norm (g u - g v) <= L * norm (u - v)) ->
  g xs = 0 ->
  norm (g x) / L <= norm (x - xs).
Proof. exact: residual_lower_bound. Qed.

Theorem loss_gap (d : nat) (mu : R) (f : 'cV[R]_d -> R) (g : 'cV[R]_d -> 'cV[R]_d) (x y : 'cV[R]_d) :
  0 < mu ->
  (forall u v, (f u + dot (g u) (v - u)) + mu / 2%:R * norm (v - u) ^+ 2 <= f v) ->
  f x - f y <= norm (g x) ^+ 2 / (2%:R * mu).
Proof. exact: loss_gap. Qed.

(** ** One Newton step p, solved up to rho (Newton.v).
    g, H: gradient and Hessian of the retained objective; xs the retrained model.
    The remainder hypothesis is proved from a Lipschitz Hessian in MainReal.v. *)

Theorem newton_residual (d : nat) (Q rho : R) (g : 'cV[R]_d -> 'cV[R]_d)
    (H : 'cV[R]_d -> 'M[R]_d) (x p : 'cV[R]_d) :
  (forall u v, norm (g v - g u - H u *m (v - u)) <= Q / 2%:R * norm (v - u) ^+ 2) ->
  norm (H x *m p + g x) <= rho ->
  norm (g (x + p)) <= rho + Q / 2%:R * norm p ^+ 2.
Proof. exact: newton_residual. Qed.

Theorem newton_aposteriori (d : nat) (mu Q rho : R) (g : 'cV[R]_d -> 'cV[R]_d)
    (H : 'cV[R]_d -> 'M[R]_d) (x p xs : 'cV[R]_d) :
  0 < mu ->
  (forall u v, mu * norm (u - v) ^+ 2 <= dot (g u - g v) (u - v)) ->
  (forall u v, norm (g v - g u - H u *m (v - u)) <= Q / 2%:R * norm (v - u) ^+ 2) ->
  g xs = 0 ->
  norm (H x *m p + g x) <= rho ->
  norm (x + p - xs) <= (rho + Q / 2%:R * norm p ^+ 2) / mu.
Proof. exact: newton_aposteriori. Qed.

Theorem newton_apriori (d : nat) (mu Q rho : R) (g : 'cV[R]_d -> 'cV[R]_d)
    (H : 'cV[R]_d -> 'M[R]_d) (x p xs : 'cV[R]_d) :
  0 < mu ->
  (forall v, mu * norm v ^+ 2 <= dot v (H x *m v)) ->
  (forall u v, norm (g v - g u - H u *m (v - u)) <= Q / 2%:R * norm (v - u) ^+ 2) ->
  g xs = 0 ->
  norm (H x *m p + g x) <= rho ->
  norm (x + p - xs) <= (rho + Q / 2%:R * norm (x - xs) ^+ 2) / mu.
Proof. exact: newton_apriori. Qed.

Theorem newton_bound (d : nat) (mu Q : R) (g : 'cV[R]_d -> 'cV[R]_d)
    (H : 'cV[R]_d -> 'M[R]_d) (x xs : 'cV[R]_d) :
  0 < mu ->
  (forall v, mu * norm v ^+ 2 <= dot v (H x *m v)) ->
  (forall u v, norm (g v - g u - H u *m (v - u)) <= Q / 2%:R * norm (v - u) ^+ 2) ->
  g xs = 0 ->
  norm (x - invmx (H x) *m g x - xs) <= Q / (2%:R * mu) * norm (x - xs) ^+ 2.
Proof. exact: newton_bound. Qed.

(** ** The influence step inverts another matrix H (Influence.v).
    HR is the Hessian of the retained objective, S bounds HR(x) - H. *)

Theorem influence_error (d : nat) (mu Q S rho : R) (g : 'cV[R]_d -> 'cV[R]_d)
    (HR : 'cV[R]_d -> 'M[R]_d) (H : 'M[R]_d) (x p xs : 'cV[R]_d) :
  0 < mu ->
  (forall v, mu * norm v ^+ 2 <= dot v (H *m v)) ->
  (forall u v, norm (g v - g u - HR u *m (v - u)) <= Q / 2%:R * norm (v - u) ^+ 2) ->
  g xs = 0 ->
  (forall v, norm ((HR x - H) *m v) <= S * norm v) ->
  norm (H *m p + g x) <= rho ->
  norm (x + p - xs)
  <= (rho + S * norm (xs - x) + Q / 2%:R * norm (xs - x) ^+ 2) / mu.
Proof. exact: influence_error. Qed.

Theorem influence_displacement (d : nat) (muR : R) (g : 'cV[R]_d -> 'cV[R]_d) (x xs : 'cV[R]_d) :
  0 < muR ->
  (forall u v, muR * norm (u - v) ^+ 2 <= dot (g u - g v) (u - v)) ->
  g xs = 0 ->
  norm (xs - x) <= norm (g x) / muR.
Proof. exact: influence_displacement. Qed.

Theorem influence_error_newton (d : nat) (mu Q sI sU : R) (g : 'cV[R]_d -> 'cV[R]_d)
    (HR : 'cV[R]_d -> 'M[R]_d) (HU : 'M[R]_d) (x xs : 'cV[R]_d) :
  0 < mu -> 0 <= sI ->
  (forall u v, mu * norm (u - v) ^+ 2 <= dot (g u - g v) (u - v)) ->
  (forall u v, norm (g v - g u - HR u *m (v - u)) <= Q / 2%:R * norm (v - u) ^+ 2) ->
  g xs = 0 ->
  HR x \in unitmx -> HR x + HU \in unitmx ->
  (forall v, norm (invmx (HR x) *m v) <= sI * norm v) ->
  (forall v, norm (HU *m v) <= sU * norm v) ->
  norm (x - invmx (HR x + HU) *m g x - xs)
  <= Q / (2%:R * mu) * norm (invmx (HR x) *m g x) ^+ 2
     + sI * sU * norm (invmx (HR x + HU) *m g x).
Proof.
move=> mu0 sI0 sm rem gxs Ru Hu hI hU.
have := influence_error_newton mu0 sI0 sm rem gxs Ru Hu hI hU; cbv zeta.
by rewrite !normN.
Qed.

(** Newton minus influence, and the one-row case: influence underestimates by 1 - leverage. *)
Theorem newton_minus_influence (F : fieldType) (d : nat) (H HU : 'M[F]_d) (g : 'cV[F]_d) :
  H \in unitmx -> H - HU \in unitmx ->
  - (invmx (H - HU) *m g) - - (invmx H *m g)
  = invmx (H - HU) *m (HU *m (- (invmx H *m g))).
Proof. exact: newton_minus_influence. Qed.

Theorem rank_one_leverage (F : fieldType) (d : nat) (H : 'M[F]_d) (c a : F) (x : 'cV[F]_d) :
  H \in unitmx -> H - c *: (x *m x^T) \in unitmx ->
  c * (x^T *m invmx H *m x) 0 0 != 1 /\
  invmx (H - c *: (x *m x^T)) *m (a *: x)
  = (1 - c * (x^T *m invmx H *m x) 0 0)^-1 *: (invmx H *m (a *: x)).
Proof. exact: rank_one_leverage. Qed.

(** ** Exact removal (Removal.v, Ridge.v) *)

Theorem ridge_deletion_exact (F : fieldType) (d k : nat) (A : 'M[F]_d) (b : 'cV[F]_d)
    (V : 'M[F]_(d, k)) (Xf : 'M[F]_(k, d)) (yf : 'cV[F]_k) (theta : 'cV[F]_d) :
  A \in unitmx -> 1%:M - Xf *m invmx A *m V \in unitmx ->
  A *m theta = b ->
  (A - V *m Xf) *m (theta - invmx A *m V *m
      (invmx (1%:M - Xf *m invmx A *m V) *m (yf - Xf *m theta)))
  = b - V *m yf.
Proof. by move=> Au Su; apply: ridge_deletion_exact. Qed.

Theorem leave_k_out_residual (F : fieldType) (d k : nat) (A : 'M[F]_d)
    (V : 'M[F]_(d, k)) (Xf : 'M[F]_(k, d)) (yf : 'cV[F]_k) (theta : 'cV[F]_d) :
  1%:M - Xf *m invmx A *m V \in unitmx ->
  yf - Xf *m (theta - invmx A *m V *m
      (invmx (1%:M - Xf *m invmx A *m V) *m (yf - Xf *m theta)))
  = invmx (1%:M - Xf *m invmx A *m V) *m (yf - Xf *m theta).
Proof. by move=> Su; apply: leave_k_out_residual. Qed.

Theorem ridge_removal_exact (d nr nf : nat) (lam : R)
    (Xr : 'M[R]_(nr, d)) (Xf : 'M[R]_(nf, d)) (yr : 'cV[R]_nr) (yf : 'cV[R]_nf) :
  0 < lam ->
  let A := (col_mx Xr Xf)^T *m col_mx Xr Xf + lam%:M in
  let theta := invmx A *m ((col_mx Xr Xf)^T *m col_mx yr yf) in
  theta - invmx A *m Xf^T *m
      (invmx (1%:M - Xf *m invmx A *m Xf^T) *m (yf - Xf *m theta))
  = invmx (Xr^T *m Xr + lam%:M) *m (Xr^T *m yr).
Proof. exact: ridge_removal_exact. Qed.

(** ** Masks: a principal submatrix inherits curvature bounds (Submatrix.v) *)

Theorem rayleigh_principal (d k : nat) (f : 'I_k -> 'I_d) (mu : R) (H : 'M[R]_d) :
  injective f ->
  (forall v, mu * norm v ^+ 2 <= dot v (H *m v)) ->
  (forall v, mu * norm v ^+ 2 <= dot v (mxsub f f H *m v)).
Proof. by move=> fi; apply: rayleigh_principal. Qed.

Theorem opnorm_principal (d k : nat) (f : 'I_k -> 'I_d) (s : R) (H : 'M[R]_d) :
  injective f ->
  (forall v, norm (H *m v) <= s * norm v) ->
  (forall v, norm (mxsub f f H *m v) <= s * norm v).
Proof. by move=> fi; apply: opnorm_principal. Qed.

(** ** Softmax constants (Softmax.v) *)

Theorem variance_le_half (n : nat) (p v : 'I_n -> R) :
  (forall i, 0 <= p i) -> \sum_i p i = 1 ->
  \sum_i p i * (v i - (\sum_j p j * v j)) ^+ 2 <= 2%:R^-1 * (\sum_i v i ^+ 2).
Proof. by move=> p0 p1; apply: variance_le_half. Qed.

Theorem third_moment_le (n : nat) (p v : 'I_n -> R) :
  (forall i, 0 <= p i) -> \sum_i p i = 1 ->
  27%:R * (\sum_i p i * (v i - (\sum_j p j * v j)) ^+ 3) ^+ 2
  <= 2%:R * (\sum_i v i ^+ 2) ^+ 3.
Proof. by move=> p0 p1; apply: third_moment_le. Qed.
End Main.
