(** * Relabel: forgetting by training on other labels, and matching an oracle.

    If the forgotten rows are given labels that the retrained model fits without
    slope, the retrained model is stationary for the relabelled data; where the
    stationary point is unique, training on them ends there, wherever it starts.

    Definitions
    - [slope Z y w]: Z^T (Z w - y), the gradient of |Z w - y|^2 / 2.
    - [in_rows Z w]: w = Z^T a for some a, the row space of Z.
    - [descend g eta t x]: t steps of gradient descent with step eta.

    Theorems
    - [relabel_stationary]: with labels Zu wr on the forgotten rows, a stationary
      point of the retained rows is one of all rows.
    - [relabel_exact]: least squares without a penalty: a stationary point reached
      inside start + row space is the retrained model, if that lies there too.
    - [zero_slope_exact]: any strongly monotone gradient, any loss: labels with zero
      slope at the retrained model make it the only stationary point.
    - [oracle_labels]: the labels of group deletion, y_F - (1 - H_FF)^-1 e_F, are the
      outputs of the retrained ridge model.
    - [descend_linear]: g x = H (x - x_s) gives x_t - x_s = (1 - eta H)^t (x_0 - x_s);
      [oracle_matching_iterates], [ridge_descent_iterates]: the two iterations.
    - [retained_only_misses]: matching on retained rows never moves the component
      orthogonal to them.
    Axiom-free, over any real closed field. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Step Removal.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section LeastSquares.
Variables (R : rcfType) (d n m : nat).
Implicit Types (w : 'cV[R]_d).

Definition slope k (Z : 'M[R]_(k, d)) (y : 'cV[R]_k) w : 'cV[R]_d := Z^T *m (Z *m w - y).

Definition in_rows k (Z : 'M[R]_(k, d)) w := exists a : 'cV[R]_k, w = Z^T *m a.

Variables (Zr : 'M[R]_(n, d)) (Zu : 'M[R]_(m, d)) (yr : 'cV[R]_n).
Local Notation Z := (col_mx Zr Zu).

Theorem relabel_stationary w :
  slope Zr yr w = 0 -> slope Z (col_mx yr (Zu *m w)) w = 0.
Proof.
rewrite /slope => sr; rewrite tr_col_mx mul_col_mx opp_col_mx add_col_mx mul_row_col.
by rewrite sr subrr mulmx0 addr0.
Qed.

Lemma rows_kernel k (A : 'M[R]_(k, d)) w : A^T *m (A *m w) = 0 -> in_rows A w -> w = 0.
Proof.
move=> Aw [a wa]; apply/eqP; rewrite -dot_eq0 {2}wa dot_trmulmx.
suff -> : A *m w = 0 by rewrite dot0l.
by apply/eqP; rewrite -dot_eq0 dot_mulmx Aw dot0l.
Qed.

Theorem relabel_exact wr start w :
  slope Zr yr wr = 0 -> slope Z (col_mx yr (Zu *m wr)) w = 0 ->
  in_rows Z (wr - start) -> in_rows Z (w - start) -> w = wr.
Proof.
move=> /relabel_stationary; rewrite /slope => s0 s1 [a ra] [b rb].
apply/eqP; rewrite -subr_eq0; apply/eqP; apply: (@rows_kernel _ Z).
  by rewrite mulmxBr mulmxBr -[RHS](subrr 0) -{1}s1 -s0 !mulmxBr; move: (_ *m _) => p; vring.
by exists (b - a); rewrite mulmxBr -rb -ra; vring.
Qed.
End LeastSquares.

(** ** Any loss *)
Section AnyLoss.
Variables (R : rcfType) (d : nat).
Variables (mu : R) (kept relabelled : 'cV[R]_d -> 'cV[R]_d).

Theorem zero_slope_exact wr w : 0 < mu ->
  strongly_monotone mu (fun x => kept x + relabelled x) ->
  kept wr = 0 -> relabelled wr = 0 -> kept w + relabelled w = 0 -> w = wr.
Proof.
move=> mu0 sm kr lr wz; apply: (stationary_unique mu0 sm) => //.
by rewrite kr lr addr0.
Qed.
End AnyLoss.

(** ** Group deletion as an oracle *)
Theorem oracle_labels (F : fieldType) (d k : nat) (A : 'M[F]_d) (V : 'M[F]_(d, k)) (Xf : 'M[F]_(k, d))
    (yf : 'cV[F]_k) (theta : 'cV[F]_d) :
  capacitance A V Xf \in unitmx ->
  Xf *m downdate A V Xf yf theta = yf - invmx (capacitance A V Xf) *m (yf - Xf *m theta).
Proof. by move=> Su; rewrite -(leave_k_out_residual yf Su theta) subKr. Qed.

(** ** Gradient descent on quadratics *)
Section Descend.
Variables (R : rcfType) (d : nat).
Implicit Types (x xs : 'cV[R]_d) (g : 'cV[R]_d -> 'cV[R]_d) (H : 'M[R]_d).

Definition descend g (eta : R) t x := iter t (gd_step eta g) x.

Theorem descend_linear H g eta xs t x :
  (forall y, g y = H *m (y - xs)) ->
  descend g eta t x - xs = iter t (mulmx (1%:M - eta *: H)) (x - xs).
Proof.
move=> gH; elim: t => //= t IH; rewrite -IH /gd_step gH mulmxBl mul1mx -scalemxAl.
by move: (H *m _) => p; vring.
Qed.

(** Matching the oracle's outputs X xs on all rows, loss |X x - X xs|^2. *)
Corollary oracle_matching_iterates n (X : 'M[R]_(n, d)) eta xs t x :
  descend (fun y => 2%:R *: (X^T *m (X *m y - X *m xs))) eta t x - xs
  = iter t (mulmx (1%:M - (2%:R * eta) *: (X^T *m X))) (x - xs).
Proof.
rewrite (@descend_linear (2%:R *: (X^T *m X))) => [|y].
  by rewrite scalerA [eta * _]mulrC.
by rewrite -mulmxBr -scalemxAl mulmxA.
Qed.

(** Descent on |X x - y|^2 + lam |x|^2, whose minimiser is xs. *)
Corollary ridge_descent_iterates n (X : 'M[R]_(n, d)) (y : 'cV[R]_n) lam eta xs t x :
  X^T *m (X *m xs - y) + lam *: xs = 0 ->
  descend (fun z => 2%:R *: (X^T *m (X *m z - y) + lam *: z)) eta t x - xs
  = iter t (mulmx ((1 - 2%:R * eta * lam)%:M - (2%:R * eta) *: (X^T *m X))) (x - xs).
Proof.
move=> sxs; rewrite (@descend_linear (2%:R *: (X^T *m X + lam%:M))) => [|z].
  congr (iter t (mulmx _) _); rewrite scalerA [eta * _]mulrC scalerDr scale_scalar_mx.
  by rewrite raddfB /= opprD addrA addrAC.
rewrite -scalemxAl; congr (_ *: _); rewrite -[LHS]subr0 -sxs mulmxDl mul_scalar_mx -mulmxA.
rewrite !mulmxBr scalerBr; move: (X^T *m (X *m z)) (X^T *m (X *m xs)) (X^T *m y) => a b c.
by vring.
Qed.

(** Matching on retained rows only: a direction that no retained row has never moves. *)
Theorem retained_only_misses n (X : 'M[R]_(n, d)) (y : 'cV[R]_n) eta t x u :
  X *m u = 0 ->
  dot u (descend (fun z => 2%:R *: (X^T *m (X *m z - y))) eta t x) = dot u x.
Proof.
move=> Xu; elim: t => //= t IH.
by rewrite /gd_step dotBr !dotZr dot_trmulmx Xu dot0l !mulr0 subr0.
Qed.
End Descend.
