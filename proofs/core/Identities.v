(** * Identities: exactness statements beside those of Removal.v and Influence.v.
    Axiom-free.

    Theorems
      min_norm_refit          over-parameterised: refitting the interpolator of least norm on all
                              rows, with the removed rows relabelled by the retrained model's own
                              outputs, returns the retrained model
      interpolation_stuck     an interpolating model has zero gradient on the retained rows, so
                              every gradient or Newton step leaves it where it is
      leave_k_out_izzo        (I - H)^-1 r = (I - T)^-1 D r, D = diag(1/(1 - h_ii)),
                              T_ij = h_ij / (1 - h_ii) for i <> j, 0 on the diagonal
      alo_exact               x . (th + NS) = x . th + l' (x^T A^-1 x) / (1 - h): the approximate
                              leave-one-out output is that of the Newton step *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Newton Removal Influence.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Theorem min_norm_refit (R : rcfType) (d kr kf : nat) (Xr : 'M[R]_(kr, d)) (Xf : 'M[R]_(kf, d)) yr :
  Xr *m Xr^T \in unitmx -> col_mx Xr Xf *m (col_mx Xr Xf)^T \in unitmx ->
  let retrained := min_norm Xr yr in
  min_norm (col_mx Xr Xf) (col_mx yr (Xf *m retrained)) = retrained.
Proof.
move=> Ur Ua retrained; set X := col_mx Xr Xf.
have Xth : X *m retrained = col_mx yr (Xf *m retrained).
  by rewrite mul_col_mx /retrained (min_norm_interpolates Ur).
rewrite -Xth -(@min_norm_removal _ _ _ X _ retrained erefl).
pose a : 'cV[R]_(kr + kf) := col_mx (invmx (Xr *m Xr^T) *m yr) 0.
have rowspace : retrained = X^T *m a.
  by rewrite /retrained /min_norm /X /a tr_col_mx mul_row_col mulmx0 addr0.
have PX : row_projection X *m X^T = X^T.
  by rewrite -[X in _ *m X = _]trmxK -[row_projection X](row_projection_sym X) -trmx_mul trmxK mul_row_projection.
by rewrite rowspace mulmxA PX.
Qed.

Theorem interpolation_stuck (R : rcfType) (d k : nat) (Xr : 'M[R]_(k, d)) (yr : 'cV[R]_k) (th : 'cV[R]_d) (A : 'M[R]_d) :
  Xr *m th = yr -> th - A *m (Xr^T *m (Xr *m th - yr)) = th.
Proof. by move=> ->; rewrite subrr !mulmx0 subr0. Qed.

Section LeaveOut.
Variables (F : fieldType) (k : nat) (H : 'M[F]_k).

Definition loo_scale : 'M[F]_k := diag_mx (\row_i (1 - H i i)^-1).
Definition loo_coupling : 'M[F]_k := \matrix_(i, j) (if i == j then 0 else H i j / (1 - H i i)).

Lemma loo_split : (forall i, H i i != 1) -> 1%:M - loo_coupling = loo_scale *m (1%:M - H).
Proof.
move=> h1; apply/matrixP => i j; rewrite mul_diag_mx !mxE.
have [->|ij] := eqVneq i j; first by rewrite subr0 mulVf // subr_eq0 eq_sym h1.
by rewrite !sub0r mulrN mulrC.
Qed.

Theorem leave_k_out_izzo (r : 'cV[F]_k) : (forall i, H i i != 1) -> 1%:M - H \in unitmx ->
  invmx (1%:M - H) *m r = invmx (1%:M - loo_coupling) *m (loo_scale *m r).
Proof.
move=> h1 Hu; have nz i : 1 - H i i != 0 by rewrite subr_eq0 eq_sym h1.
have e := loo_split h1.
have Du : loo_scale \in unitmx.
  by rewrite unitmxE det_diag unitfE; apply/prodf_neq0 => i _; rewrite mxE invr_eq0.
have Tu : 1%:M - loo_coupling \in unitmx by rewrite e unitmx_mul Du Hu.
have h : (1%:M - loo_coupling) *m (invmx (1%:M - H) *m r) = loo_scale *m r.
  by rewrite e -mulmxA mulKVmx.
by rewrite -h mulKmx.
Qed.
End LeaveOut.

Theorem alo_exact (F : fieldType) (d : nat) (H : 'M[F]_d) (c a : F) (x th : 'cV[F]_d) :
  H \in unitmx -> H - c *: (x *m x^T) \in unitmx ->
  let q := (x^T *m invmx H *m x) 0 0 in
  (x^T *m (th + invmx (H - c *: (x *m x^T)) *m (a *: x))) 0 0
  = (x^T *m th) 0 0 + q / (1 - c * q) * a.
Proof.
move=> Hu Hu' q; have [_ ->] := rank_one_leverage a Hu Hu'.
rewrite mulmxDr mxE; congr (_ + _).
rewrite /row_leverage -/q; move: (1 - c * q)^-1 => z.
rewrite -!scalemxAr [LHS]mxE [X in _ * X]mxE mulmxA -/q.
by move: q => e; ring.
Qed.
