(** * Audit: from any reference near the retrained model to an interval around the distance
    of given parameters.  Axiom-free, over any real closed field.

    th the parameters audited, ref any vector, xs the retrained model, rho >= |ref - xs|.

    Theorems
      audit_interval      | |th - xs| - |th - ref| | <= rho
      audit_output_gap    | |x . (th - xs)| - |x . (th - ref)| | <= |x| rho, for a row x
      audit_residual      rho = |g ref| / mu for a mu-strongly monotone gradient
      audit_sandwich      and |g th| / L <= |th - xs| <= |g th| / mu besides *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Audit.
Variables (R : rcfType) (d : nat).
Implicit Types (th ref xs x : 'cV[R]_d) (rho mu L : R) (g : 'cV[R]_d -> 'cV[R]_d).

Theorem audit_interval rho th ref xs : norm (ref - xs) <= rho ->
  `|norm (th - xs) - norm (th - ref)| <= rho.
Proof.
move=> h; rewrite ler_distl; apply/andP; split.
  rewrite ler_subl_addr; have -> : th - ref = (th - xs) - (ref - xs) by vring.
  by apply: le_trans (norm_triangleB _ _) _; rewrite ler_add2l.
have -> : th - xs = (th - ref) + (ref - xs) by vring.
by apply: le_trans (norm_triangle _ _) _; rewrite ler_add2l.
Qed.

Theorem audit_output_gap rho th ref xs x : norm (ref - xs) <= rho ->
  `| `|dot x (th - xs)| - `|dot x (th - ref)| | <= norm x * rho.
Proof.
move=> h; have k : `|dot x (ref - xs)| <= norm x * rho.
  by apply: le_trans (CauchySchwarz_abs _ _) _; rewrite ler_wpmul2l ?norm_ge0.
rewrite ler_distl; apply/andP; split.
  rewrite ler_subl_addr; have -> : th - ref = (th - xs) - (ref - xs) by vring.
  by rewrite dotBr; apply: le_trans (ler_norm_sub _ _) _; rewrite ler_add2l.
have -> : th - xs = (th - ref) + (ref - xs) by vring.
by rewrite dotDr; apply: le_trans (ler_norm_add _ _) _; rewrite ler_add2l.
Qed.

Theorem audit_residual mu g th ref xs : 0 < mu -> strongly_monotone mu g -> g xs = 0 ->
  `|norm (th - xs) - norm (th - ref)| <= norm (g ref) / mu.
Proof. by move=> mu0 sm gs; apply: audit_interval; apply: residual_bound sm gs. Qed.

Theorem audit_sandwich mu L g th xs : 0 < mu -> 0 < L ->
  strongly_monotone mu g -> lipschitz L g -> g xs = 0 ->
  norm (g th) / L <= norm (th - xs) <= norm (g th) / mu.
Proof.
move=> mu0 L0 sm lip gs; apply/andP; split; first exact: residual_lower_bound lip gs.
exact: residual_bound sm gs.
Qed.
End Audit.
