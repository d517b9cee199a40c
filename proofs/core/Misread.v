(** * Misread: formulas that are often taken for exact removal, refuted by explicit
    instances with squared loss.  Axiom-free, over any real closed field.

    Theorems
      influence_not_newton     the influence step from the model trained on all rows misses the
                               retrained model although the remainder Q is 0: so it is neither
                               exact for squared loss nor within Newton's bound (Q / 2 mu) |th - xs|^2
      izzo_printed_fails       the coupling T_ij = h_ij / (1 - h_jj), as printed in Izzo et al.
                               (2021), Algorithm 2, does not give the leave-k-out residuals
      scaled_ridge_fails       with a ridge lam n that shrinks to lam (n - m), the downdate with
                               the removed rows alone is retraining only if both models are 0 *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Newton Removal Identities.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Misread.
Variable R : rcfType.

(** Two rows x = 1 with labels 0 (kept) and 2 (removed), as a sum: the retained gradient is th,
    the removed one th - 2, the model trained on both is 1, the retrained model 0. *)
Theorem influence_not_newton : exists (AR AU : 'M[R]_1) (cR cU th xs : 'cV[R]_1),
  [/\ (AR *m th + cR) + (AU *m th + cU) = 0, AR *m xs + cR = 0,
      quadratic_remainder 0 (fun x => AR *m x + cR) (fun=> AR),
      norm (th - invmx (AR + AU) *m (AR *m th + cR) - xs) = 2%:R^-1 &
      0 / (2%:R * 1) * norm (th - xs) ^+ 2 < norm (th - invmx (AR + AU) *m (AR *m th + cR) - xs)].
Proof.
exists 1%:M, 1%:M, 0, (const_mx (- 2%:R)), (const_mx 1), 0.
have n2 : 2%:R != 0 :> R by rewrite pnatr_eq0.
have e : const_mx 1 - invmx (1%:M + 1%:M) *m (1%:M *m const_mx 1 + 0) - 0 = const_mx 2%:R^-1 :> 'cV[R]_1.
  have -> : 1%:M + 1%:M = 2%:R%:M :> 'M[R]_1 by rewrite -raddfD.
  rewrite invmx_scalar mul1mx addr0 subr0 mul_scalar_mx; apply/colP => i; rewrite !mxE.
  by field.
have ne : norm (const_mx 2%:R^-1 : 'cV[R]_1) = 2%:R^-1.
  rewrite /norm /dot big_ord1 !mxE -expr2 sqrtr_sqr ger0_norm //.
  by rewrite invr_ge0 ler0n.
split.
- by rewrite !mul1mx; apply/colP => i; rewrite !mxE; ring.
- by rewrite mulmx0 addr0.
- move=> x y; rewrite /taylor_remainder !mul1mx.
  have -> : y + 0 - (x + 0) - (y - x) = 0 :> 'cV[R]_1 by vring.
  by rewrite norm0 mul0r mul0r.
- by rewrite e.
- by rewrite e ne !mul0r invr_gt0 ltr0n.
Qed.

Definition printed_coupling (H : 'M[R]_2) : 'M[R]_2 :=
  \matrix_(i, j) (if i == j then 0 else H i j / (1 - H j j)).

(** Leverages 1/2 and 0: [x] are the leave-two-out residuals. *)
Theorem izzo_printed_fails : exists (H : 'M[R]_2) (r x : 'cV[R]_2),
  [/\ (1%:M - H) *m x = r, (1%:M - loo_coupling H) *m x = loo_scale H *m r &
      (1%:M - printed_coupling H) *m x <> loo_scale H *m r].
Proof.
pose h : 'M[R]_2 := \matrix_(i, j) (if i == j then if i == 0 then 2%:R^-1 else 0 else 4%:R^-1).
pose x : 'cV[R]_2 := \col_i (if i == 0 then 1 else 0).
have n2 : 2%:R != 0 :> R by rewrite pnatr_eq0.
have n4 : 4%:R != 0 :> R by rewrite pnatr_eq0.
have nz j : h j j != 1.
  rewrite mxE eqxx; case: (j == 0); last by rewrite eq_sym oner_eq0.
  by rewrite invr_eq1 -[1]/(1%:R) eqr_nat.
exists h, ((1%:M - h) *m x), x; split=> //; first by rewrite (loo_split nz) mulmxA.
rewrite /loo_scale mul_diag_mx => /(congr1 (fun M : 'cV[R]_2 => M 1 0)).
rewrite !mxE !big_ord_recl !big_ord0 !mxE /=.
have -> : (0 - 4%:R^-1 / (1 - 2%:R^-1)) * 1 + ((1 - 0) * 0 + 0) = - 2%:R^-1 :> R by field.
have -> : (1 - 0)^-1 * ((0 - 4%:R^-1) * 1 + ((1 - 0) * 0 + 0)) = - 4%:R^-1 :> R by field.
by move/oppr_inj/invr_inj/eqP; rewrite eqr_nat.
Qed.
End Misread.

(** [G th' = c] with ridge lam n, as the downdate solves it; [th] retrained with lam (n - m). *)
Theorem scaled_ridge_fails (R : rcfType) (d : nat) (G : 'M[R]_d) (c th : 'cV[R]_d) (lam : R) (n m : nat) :
  lam != 0 -> (0 < m)%N ->
  (G + (lam * (n + m)%:R)%:M) *m th = c -> (G + (lam * n%:R)%:M) *m th = c -> th = 0.
Proof.
move=> l0 m0 h1 h2; have : (lam * m%:R) *: th = 0.
  rewrite -mul_scalar_mx.
  have -> : (lam * m%:R)%:M = (G + (lam * (n + m)%:R)%:M) - (G + (lam * n%:R)%:M) :> 'M[R]_d.
    by rewrite opprD addrACA subrr add0r -raddfB /= -mulrBr natrD addrAC subrr add0r.
  by rewrite mulmxBl h1 h2 subrr.
move/eqP; rewrite scaler_eq0 mulf_eq0 (negbTE l0) pnatr_eq0 (gtn_eqF m0) /=.
by move/eqP.
Qed.
