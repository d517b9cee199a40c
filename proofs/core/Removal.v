(** * Removal: exact removal of rows by linear algebra.
    Over any field unless an order is needed; axiom-free.

    Setting: A theta = b are the normal equations on all rows, and removing the
    rows Xf (with labels yf) replaces A by A - V Xf and b by b - V yf.  For squared
    loss with weight w_i per row, V = Xf^T diag(w); the unweighted sum has V = Xf^T.

    Definitions
      capacitance A V U       1 - U A^-1 V
      downdate A V Xf yf th   th - A^-1 V (1 - Xf A^-1 V)^-1 (yf - Xf th)
      row_projection X        X^T (X X^T)^-1 X, the projection onto the row space
      min_norm X y            X^T (X X^T)^-1 y, the interpolator of least norm

    Theorems
      woodbury                (A - V U)(A^-1 + A^-1 V (1 - U A^-1 V)^-1 U A^-1) = 1
      capacitance_unit        the small matrix is invertible iff the downdated one is
      ridge_deletion_exact    the downdate solves the retained normal equations
      leave_k_out_residual    yf - Xf (downdate) = (1 - Xf A^-1 V)^-1 (yf - Xf th)
      projective_update_exact the projection onto the removed rows of the exact step
                              is known from their residuals alone
      projective_update_better  and never ends further from the retrained model
      min_norm_removal        over-parameterised: the retrained interpolator is the
                              projection of the old one onto the retained row space
      min_norm_least          it has the least norm among all interpolators *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Woodbury.
Variables (F : fieldType) (d k : nat).
Implicit Types (A : 'M[F]_d) (U : 'M[F]_(k, d)) (V : 'M[F]_(d, k)).

(** Capacitance matrix of the downdate A - V U. *)
Definition capacitance A V U : 'M[F]_k := 1%:M - U *m invmx A *m V.

Theorem woodbury A V U : A \in unitmx -> capacitance A V U \in unitmx ->
  (A - V *m U) *m (invmx A + invmx A *m V *m invmx (capacitance A V U) *m U *m invmx A)
  = 1%:M.
Proof.
move=> Au Su; set S := capacitance A V U; set W := invmx S *m U *m invmx A.
have -> : invmx A *m V *m invmx S *m U *m invmx A = invmx A *m (V *m W).
  by rewrite /W !mulmxA.
rewrite mulmxDr mulmxBl mulmxV // mulmxBl mulKVmx //.
have UAV : V *m U *m (invmx A *m (V *m W)) = V *m W - V *m U *m invmx A.
  have -> : V *m U *m (invmx A *m (V *m W)) = V *m ((U *m invmx A *m V) *m W).
    by rewrite !mulmxA.
  have -> : U *m invmx A *m V = 1%:M - S by rewrite /S /capacitance subKr.
  by rewrite mulmxBl mul1mx /W -!mulmxA mulKVmx // mulmxBr !mulmxA.
by rewrite UAV subKr subrK.
Qed.

Lemma woodbury_unit A V U : A \in unitmx -> capacitance A V U \in unitmx ->
  A - V *m U \in unitmx.
Proof. by move=> Au Su; have /mulmx1_unit [] := woodbury Au Su. Qed.

Theorem capacitance_unit A V U : A \in unitmx -> A - V *m U \in unitmx ->
  capacitance A V U \in unitmx.
Proof.
move=> Au A'u; set A' := A - V *m U in A'u.
suff /mulmx1_unit [] : capacitance A V U *m (1%:M + U *m invmx A' *m V) = 1%:M by [].
have VU : V *m U = A - A' by rewrite /A' subKr.
rewrite /capacitance mulmxDr mulmx1 mulmxBl mul1mx.
have -> : U *m invmx A *m V *m (U *m invmx A' *m V)
        = U *m invmx A *m (V *m U) *m invmx A' *m V by rewrite !mulmxA.
rewrite VU mulmxBr [_ *m A]mulmxKV // !mulmxBl -[_ *m A' *m _]mulmxA mulmxV // mulmx1.
by rewrite subKr subrK.
Qed.

End Woodbury.

Section Downdate.
Variables (F : fieldType) (d k : nat).
Variables (A : 'M[F]_d) (b : 'cV[F]_d) (V : 'M[F]_(d, k)) (Xf : 'M[F]_(k, d)) (yf : 'cV[F]_k).

(** What the library computes from the full model [theta]. *)
Definition downdate (theta : 'cV[F]_d) : 'cV[F]_d :=
  theta - invmx A *m V *m (invmx (capacitance A V Xf) *m (yf - Xf *m theta)).

Hypotheses (Au : A \in unitmx) (Su : capacitance A V Xf \in unitmx).

Let UAV (w : 'cV[F]_k) : Xf *m (invmx A *m V *m w) = w - capacitance A V Xf *m w.
Proof. by rewrite /capacitance mulmxBl mul1mx subKr !mulmxA. Qed.

Theorem ridge_deletion_exact theta : A *m theta = b ->
  (A - V *m Xf) *m downdate theta = b - V *m yf.
Proof.
move=> Ath; rewrite /downdate; set r := yf - Xf *m theta; set w := invmx _ *m r.
rewrite mulmxBr !mulmxBl Ath -[V *m Xf *m (_ *m w)]mulmxA UAV /w mulKVmx //.
rewrite -[invmx A *m V *m _]mulmxA mulKVmx // -mulmxBr subKr -mulmxA.
by rewrite -addrA -opprD -mulmxDr /r [_ + (yf - _)]addrC subrK.
Qed.

(** Residuals on the removed rows after removal, without refitting. *)
Theorem leave_k_out_residual theta :
  yf - Xf *m downdate theta = invmx (capacitance A V Xf) *m (yf - Xf *m theta).
Proof.
rewrite /downdate mulmxBr UAV mulKVmx //; set w := invmx _ *m _.
move: w (Xf *m theta) => w a.
by apply/matrixP => i j; rewrite !mxE; gen_entries; ring.
Qed.
End Downdate.

Section Projection.
Variables (R : rcfType) (d : nat).

Definition row_projection k (X : 'M[R]_(k, d)) : 'M[R]_d :=
  X^T *m invmx (X *m X^T) *m X.

Definition min_norm k (X : 'M[R]_(k, d)) (y : 'cV[R]_k) : 'cV[R]_d :=
  X^T *m (invmx (X *m X^T) *m y).

Section Rows.
Variables (k : nat) (X : 'M[R]_(k, d)).
Hypothesis Gu : X *m X^T \in unitmx.   (* the rows of X are independent *)

Lemma mul_row_projection : X *m row_projection X = X.
Proof. by rewrite /row_projection !mulmxA mulmxV // mul1mx. Qed.

Lemma row_projection_sym : (row_projection X)^T = row_projection X.
Proof. by rewrite /row_projection !trmx_mul trmxK trmx_inv trmx_mul trmxK mulmxA. Qed.

Lemma row_projection_idem : row_projection X *m row_projection X = row_projection X.
Proof. by rewrite {1}/row_projection -mulmxA mul_row_projection. Qed.

(** Pythagoras: what a projection leaves is never longer. *)
Lemma norm_row_projection_compl v : norm (v - row_projection X *m v) <= norm v.
Proof.
rewrite norm_le_norm -subr_ge0; set P := row_projection X.
have e : dot (P *m v) (P *m v) = dot v (P *m v).
  by rewrite dot_mulmx row_projection_sym mulmxA row_projection_idem dotC.
have -> : dot v v - dot (v - P *m v) (v - P *m v) = dot (P *m v) (P *m v).
  by rewrite !dotE (dotC (P *m v) v) e; ring.
exact: dot_ge0.
Qed.

Theorem min_norm_interpolates y : X *m min_norm X y = y.
Proof. by rewrite /min_norm mulmxA mulKVmx. Qed.

Theorem min_norm_least y z : X *m z = y -> norm (min_norm X y) <= norm z.
Proof.
move=> <-; rewrite norm_le_norm -subr_ge0.
have -> : min_norm X (X *m z) = row_projection X *m z.
  by rewrite /min_norm /row_projection !mulmxA.
set P := row_projection X.
have e : dot (P *m z) (P *m z) = dot z (P *m z).
  by rewrite dot_mulmx row_projection_sym mulmxA row_projection_idem dotC.
have -> : dot z z - dot (P *m z) (P *m z) = dot (z - P *m z) (z - P *m z).
  by rewrite !dotE (dotC (P *m z) z) e; ring.
exact: dot_ge0.
Qed.

End Rows.

(** Removing rows from an interpolating model needs only the retained features:
    no labels and nothing about the removed rows. *)
Theorem min_norm_removal k (Xr : 'M[R]_(k, d)) (yr : 'cV[R]_k) theta :
  Xr *m theta = yr -> row_projection Xr *m theta = min_norm Xr yr.
Proof. by move=> <-; rewrite /row_projection /min_norm !mulmxA. Qed.

(** Projective residual update: only the component of the exact step along the
    removed rows is applied.  It is computed from the k residuals. *)
Theorem projective_update_exact k (A : 'M[R]_d) (V : 'M[R]_(d, k)) (Xf : 'M[R]_(k, d)) yf theta :
  capacitance A V Xf \in unitmx ->
  let r := yf - Xf *m theta in
  row_projection Xf *m (downdate A V Xf yf theta - theta)
  = Xf^T *m (invmx (Xf *m Xf^T) *m (r - invmx (capacitance A V Xf) *m r)).
Proof.
move=> Su r; rewrite /row_projection -!mulmxA; congr (_ *m (_ *m _)).
rewrite mulmxBr -(leave_k_out_residual yf Su theta) /r.
by move: (Xf *m downdate _ _ _ _ _) (Xf *m theta) => a c; vring.
Qed.

Theorem projective_update_better k (Xf : 'M[R]_(k, d)) (theta exact : 'cV[R]_d) :
  Xf *m Xf^T \in unitmx ->
  norm (theta + row_projection Xf *m (exact - theta) - exact) <= norm (theta - exact).
Proof.
move=> Gu; have -> : theta + row_projection Xf *m (exact - theta) - exact
  = - ((exact - theta) - row_projection Xf *m (exact - theta)).
  by move: (row_projection Xf *m _) => a; vring.
by rewrite normN normBC; apply: le_trans (norm_row_projection_compl Gu _) _; rewrite normBC.
Qed.
End Projection.
