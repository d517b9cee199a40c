(** * MainAudit: the theorems behind certified distances, minima and removal certificates,
    restated with every hypothesis explicit and no section context.  A theorem [x] of this
    file is the theorem [x] of the module named above it; nothing is proved here.

    The ladder and the interval around a reference need no axiom ([R : rcfType] is any real
    closed field); minima of networks and self-concordance are about Coq's reals. *)
From mathcomp Require Import all_ssreflect all_algebra.
From Unlearn Require Import Euclid Glm.
From Unlearn Require Audit Influence Ladder.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Algebra.
Variable R : rcfType.

(** ** From a reference to an interval (Audit.v) *)

Theorem audit_interval (d : nat) (rho : R) (th ref xs : 'cV[R]_d) :
  norm (ref - xs) <= rho -> `|norm (th - xs) - norm (th - ref)| <= rho.
Proof. exact: Audit.audit_interval. Qed.

Theorem audit_output_gap (d : nat) (rho : R) (th ref xs x : 'cV[R]_d) :
  norm (ref - xs) <= rho ->
  `| `|dot x (th - xs)| - `|dot x (th - ref)| | <= norm x * rho.
Proof. exact: Audit.audit_output_gap. Qed.

(** ** The ladder of removal certificates (Ladder.v).
    [u] the model before removal, [p] the Newton step on the retained rows (weights w), [g0]
    the gradient that the original fit left, [rho] the residual of the linear solve. *)

Theorem removal_ladder (n d : nat) (dphi ddphi : 'I_n -> R -> R) (w : 'I_n -> R) (lam : R)
    (X : 'M[R]_(n, d)) (b : 'cV[R]_d) (K s Rx N r0 rho : R) (u p g0 : 'cV[R]_d) :
  (forall i, 0 <= w i) -> (forall i, w i <= 1) -> 0 <= K -> 0 <= s -> 0 <= Rx ->
  (forall i a,
     (forall c, `|ddphi i a - ddphi i c| <= K * `|a - c|) /\
     (forall t, `|dphi i (a + t) - dphi i a - ddphi i a * t| <= K / 2%:R * t ^+ 2)) ->
  (forall z : 'cV[R]_n, (forall i, w i = 0 -> z i 0 = 0) -> norm (X^T *m z) <= s * norm z) ->
  (forall i, w i != 0 -> norm (row i X)^T <= Rx) ->
  s ^+ 2 <= N * Rx ^+ 2 ->
  norm g0 <= r0 ->
  norm (glm_hess ddphi w lam X u *m p + (glm_grad dphi w lam X b u - g0)) <= rho ->
  let xp i := (X *m p) i 0 in
  let sharp := Num.min (K / 2%:R * (\sum_i w i * norm (row i X)^T * xp i ^+ 2))
                       (K / 2%:R * (s * norm (\col_i (w i * xp i ^+ 2)))) in
  let data := K * Rx * s * norm p * norm (\col_i (w i * xp i)) in
  [/\ norm (glm_grad dphi w lam X b (u + p)) <= r0 + rho + sharp,
      sharp <= data / 2%:R,
      data / 2%:R <= data &
      data <= K * Rx ^+ 3 * N * norm p ^+ 2].
Proof.
move=> w0 w1 K0 s0 R0 th3 hX hR hs h0 hr.
exact: (Ladder.removal_ladder w0 K0 s0 R0 th3 hX hR h0 hr w1 hs).
Qed.

(** A damped step, the objective not convex: [mu] bounds the Hessian at [x] from below and may
    be negative. *)
Theorem damped_newton_error (d : nat) (damp mu Q rho : R) (g : 'cV[R]_d -> 'cV[R]_d)
    (H : 'cV[R]_d -> 'M[R]_d) (x p xs : 'cV[R]_d) :
  0 <= damp -> 0 < damp + mu ->
  (forall v, mu * norm v ^+ 2 <= dot v (H x *m v)) ->
  (forall u v, norm (g v - g u - H u *m (v - u)) <= Q / 2%:R * norm (v - u) ^+ 2) ->
  g xs = 0 ->
  norm ((H x + damp%:M) *m p + g x) <= rho ->
  norm (x + p - xs)
  <= (rho + damp * norm (x - xs) + Q / 2%:R * norm (x - xs) ^+ 2) / (damp + mu).
Proof. exact: Ladder.damped_newton_error. Qed.

(** Both steps solved approximately: [p] influence, [N] Newton (Influence.v). *)
Theorem influence_error_safe (d : nat) (mu Q S rho rhoN : R) (g : 'cV[R]_d -> 'cV[R]_d)
    (HR : 'cV[R]_d -> 'M[R]_d) (H : 'M[R]_d) (x p N xs : 'cV[R]_d) :
  0 < mu ->
  (forall u v, mu * norm (u - v) ^+ 2 <= dot (g u - g v) (u - v)) ->
  (forall v, mu * norm v ^+ 2 <= dot v (HR x *m v)) ->
  (forall u v, norm (g v - g u - HR u *m (v - u)) <= Q / 2%:R * norm (v - u) ^+ 2) ->
  g xs = 0 ->
  (forall v, norm ((H - HR x) *m v) <= S * norm v) ->
  norm (H *m p + g x) <= rho -> norm (HR x *m N + g x) <= rhoN ->
  norm (x + p - xs) <= (Q / 2%:R * norm N ^+ 2 + S * norm p + (rho + rhoN)) / mu.
Proof. exact: Influence.influence_error_safe. Qed.
End Algebra.

From Coq Require Import Reals.
From Coquelicot Require Import Coquelicot.
From mathcomp Require Import Rstruct.
From Unlearn Require Import Euclid LogisticModel.
From Unlearn Require Concordance Kantorovich Krawczyk Localisation.
Local Open Scope ring_scope.
#[local] Bind Scope ring_scope with R.

(** ** Minima of objectives that need not be convex (Kantorovich.v, Krawczyk.v).
    [H] is the derivative of [g] on the ball, [A] any matrix. *)

Theorem unique_stationary_point (d : nat) (A : 'M[R]_d) (g : 'cV[R]_d -> 'cV[R]_d)
    (H : 'cV[R]_d -> 'M[R]_d) (w0 : 'cV[R]_d) (r eta kappa : R) :
  (forall w, norm (w - w0) <= r -> forall v i,
     is_derive (fun t : R => g (w + t *: v) i 0) (0 : R) ((H w *m v) i 0)) ->
  norm (A *m g w0) <= eta ->
  (forall w, norm (w - w0) <= r -> forall v, norm ((1%:M - A *m H w) *m v) <= kappa * norm v) ->
  kappa < 1 ->
  eta <= (1 - kappa) * r ->
  exists ws, [/\ g ws = 0, norm (ws - w0) <= eta / (1 - kappa) &
    forall w, norm (w - w0) <= r -> g w = 0 -> w = ws].
Proof. exact: Kantorovich.unique_stationary_point. Qed.

Theorem local_minimum (d : nat) (F : 'cV[R]_d -> R) (A : 'M[R]_d) (g : 'cV[R]_d -> 'cV[R]_d)
    (H : 'cV[R]_d -> 'M[R]_d) (w0 : 'cV[R]_d) (r eta kappa m : R) :
  (forall w, norm (w - w0) <= r -> forall v i,
     is_derive (fun t : R => g (w + t *: v) i 0) (0 : R) ((H w *m v) i 0)) ->
  (forall w, norm (w - w0) <= r -> forall v,
     is_derive (fun t : R => F (w + t *: v)) (0 : R) (dot (g w) v)) ->
  norm (A *m g w0) <= eta ->
  (forall w, norm (w - w0) <= r -> forall v, norm ((1%:M - A *m H w) *m v) <= kappa * norm v) ->
  kappa < 1 ->
  eta <= (1 - kappa) * r ->
  (forall w, norm (w - w0) <= r -> forall v, m * norm v ^+ 2 <= dot v (H w *m v)) ->
  exists ws, [/\ g ws = 0, norm (ws - w0) <= eta / (1 - kappa),
    forall w, norm (w - w0) <= r -> g w = 0 -> w = ws &
    forall w, norm (w - w0) <= r -> F ws + m / 2%:R * norm (w - ws) ^+ 2 <= F w].
Proof. exact: Kantorovich.local_minimum. Qed.

Theorem krawczyk (d : nat) (rad : 'I_d -> R) (A C : 'M[R]_d) (g : 'cV[R]_d -> 'cV[R]_d)
    (H : 'cV[R]_d -> 'M[R]_d) (w0 : 'cV[R]_d) :
  (forall i, 0 < rad i) ->
  (forall w : 'cV[R]_d, (forall i, `|w i 0 - w0 i 0| <= rad i) -> forall v i,
     is_derive (fun t : R => g (w + t *: v) i 0) (0 : R) ((H w *m v) i 0)) ->
  (forall w : 'cV[R]_d, (forall i, `|w i 0 - w0 i 0| <= rad i) ->
     forall i j, `|(1%:M - A *m H w) i j| <= C i j) ->
  (forall i, `|(A *m g w0) i 0| + (\sum_j C i j * rad j) < rad i) ->
  exists ws : 'cV[R]_d, [/\ g ws = 0,
    forall i, `|ws i 0 - w0 i 0| <= `|(A *m g w0) i 0| + (\sum_j C i j * rad j) &
    forall w : 'cV[R]_d, (forall i, `|w i 0 - w0 i 0| <= rad i) -> g w = 0 -> w = ws].
Proof.
move=> r0 hd hC; apply: Krawczyk.krawczyk => // w /forallP hw; [exact: hd | exact: hC].
Qed.

(** ** Where the retrained logistic model is, from one gradient and one curvature
    (Localisation.v).  Rx >= |x_i| for every row that counts. *)
Theorem logistic_distance (n d : nat) (w : 'I_n -> R) (lam m0 Rx : R) (X : 'M[R]_(n, d))
    (y : 'I_n -> R) (b : 'cV[R]_d) (rho : R) (th ws : 'cV[R]_d) :
  (forall i, 0 <= w i) -> 0 <= lam <= m0 -> 0 < m0 -> 0 < Rx ->
  (forall i, w i != 0 -> norm (row i X)^T <= Rx) ->
  (forall v, m0 * norm v ^+ 2 <= dot v (logistic_hess w lam X th *m v)) ->
  0 <= rho ->
  norm (logistic_grad w lam X y b th)
    <= (lam * rho + (m0 - lam) * (1 - exp (- (Rx * rho))) / Rx)%R ->
  logistic_grad w lam X y b ws = 0 ->
  norm (th - ws) <= rho.
Proof. by move=> w0 lm m00 R0 hR; apply: Localisation.logistic_distance. Qed.
