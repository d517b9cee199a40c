(** * Main: the headline theorems, restated with every hypothesis explicit and
    no section context.  A reviewer needs only this file and the definitions it
    names.  Nothing is proved here beyond [exact]: a theorem [x] of this file is
    the theorem [x] of the module named above it.
    No axiom: [R] is any real closed field, in particular the reals. *)
From mathcomp Require Import all_ssreflect all_algebra.
From Unlearn Require Import Euclid Convex Newton Submatrix Ridge.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Main.
Variable R : rcfType.

(** Convex: the gradient norm certifies the distance to the retrained model. *)
Theorem residual_bound (d : nat) (mu : R) (g : 'cV[R]_d -> 'cV[R]_d) (x xs : 'cV[R]_d) :
  0 < mu ->
  (forall u v, mu * norm (u - v) ^+ 2 <= dot (g u - g v) (u - v)) ->
  g xs = 0 ->
  norm (x - xs) <= norm (g x) / mu.
Proof. exact: residual_bound. Qed.

(** Newton: one exact Newton step squares the distance. *)
Theorem newton_bound (d : nat) (mu M : R) (g : 'cV[R]_d -> 'cV[R]_d)
    (H : 'cV[R]_d -> 'M[R]_d) (x xs : 'cV[R]_d) :
  0 < mu ->
  (forall v, mu * norm v ^+ 2 <= dot v (H x *m v)) ->
  (forall u v, norm (g v - g u - H u *m (v - u)) <= M / 2%:R * norm (v - u) ^+ 2) ->
  g xs = 0 ->
  norm (x - invmx (H x) *m g x - xs) <= M / (2%:R * mu) * norm (x - xs) ^+ 2.
Proof. exact: newton_bound. Qed.

(** Submatrix: a principal submatrix inherits lower and upper curvature bounds. *)
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

(** Ridge: rows are removed exactly by the closed form. *)
Theorem ridge_removal_exact (d nr nf : nat) (lam : R)
    (Xr : 'M[R]_(nr, d)) (Xf : 'M[R]_(nf, d)) (yr : 'cV[R]_nr) (yf : 'cV[R]_nf) :
  0 < lam ->
  let A := (col_mx Xr Xf)^T *m col_mx Xr Xf + lam%:M in
  let theta := invmx A *m ((col_mx Xr Xf)^T *m col_mx yr yf) in
  theta - invmx A *m Xf^T *m
      (invmx (1%:M - Xf *m invmx A *m Xf^T) *m (yf - Xf *m theta))
  = invmx (Xr^T *m Xr + lam%:M) *m (Xr^T *m yr).
Proof. exact: ridge_removal_exact. Qed.
End Main.
