(** * Existence: the retrained model exists.  Over the reals.

    A gradient step of a strongly monotone, Lipschitz gradient shrinks distances, so Banach's
    fixed point theorem (Contraction.v) gives a stationary point; Convex.stationary_unique says
    that there is only one.

    Theorems
      stationary_exists     mu-strongly monotone, L-Lipschitz, mu > 0: some xs has g xs = 0
      logistic_retrained    the logistic-ridge model (lam > 0, weights >= 0): exactly one
      softmax_retrained     the softmax-ridge model: exactly one *)
From Coq Require Import Reals.
From Coquelicot Require Import Coquelicot.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From Unlearn Require Import Euclid Convex Newton Step Glm Multi Contraction LogisticModel SoftmaxModel.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.
#[local] Bind Scope ring_scope with R.

Theorem stationary_exists (d : nat) (mu L : R) (g : 'cV[R]_d -> 'cV[R]_d) :
  0 < mu -> strongly_monotone mu g -> lipschitz L g -> exists xs, g xs = 0.
Proof.
move=> mu0 sm lip; pose M := Num.max L mu.
have M0 : 0 < M by rewrite lt_maxr mu0 orbT.
have lipM : lipschitz M g.
  move=> x y; apply: le_trans (lip x y) _; rewrite ler_wpmul2r ?norm_ge0 //.
  by rewrite le_maxr lexx.
pose eta := mu / M ^+ 2; pose s := 1 - mu ^+ 2 / M ^+ 2; pose q := Num.sqrt s.
have M2 : 0 < M ^+ 2 by rewrite exprn_gt0.
have eta0 : 0 < eta by rewrite divr_gt0.
have s0 : 0 <= s.
  rewrite subr_ge0 ler_pdivr_mulr // mul1r ler_sqr ?nnegrE ?(ltW mu0) ?(ltW M0) //.
  by rewrite le_maxr lexx orbT.
have s1 : s < 1 by rewrite ltr_subl_addr ltr_addl divr_gt0 ?exprn_gt0.
have q1 : 0 <= q < 1.
  rewrite sqrtr_ge0 /= -ltr_sqr ?nnegrE ?sqrtr_ge0 ?ler01 //.
  by rewrite sqr_sqrtr // expr1n.
pose T x := x - eta *: g x.
have ct x y : norm (T x - T y) <= q * norm (x - y).
  rewrite norm_le_sq ?mulr_ge0 ?sqrtr_ge0 ?norm_ge0 // exprMn sqr_sqrtr //.
  have -> : T x - T y = (x - y) - eta *: (g x - g y).
    by rewrite /T; move: (g x) (g y) => *; vring.
  have h1 := sm x y; have h2 := lipM x y.
  have h3 : norm (g x - g y) ^+ 2 <= M ^+ 2 * norm (x - y) ^+ 2.
    by rewrite -exprMn ler_sqr ?nnegrE ?norm_ge0 ?mulr_ge0 ?norm_ge0 ?(ltW M0).
  move: (g x - g y) (x - y) h1 h3 => v u h1 h3.
  have -> : dot (u - eta *: v) (u - eta *: v)
    = norm u ^+ 2 - 2%:R * eta * dot v u + eta ^+ 2 * norm v ^+ 2.
    by rewrite !norm_sq !dotE (dotC u v); ring.
  apply: le_trans (_ : _ <= norm u ^+ 2 - 2%:R * eta * (mu * norm u ^+ 2)
      + eta ^+ 2 * (M ^+ 2 * norm u ^+ 2)) _.
    apply: ler_add; last by rewrite ler_wpmul2l ?sqr_ge0.
    rewrite ler_add2l ler_opp2; apply: ler_wpmul2l => //.
    by rewrite mulr_ge0 ?ler0n ?(ltW eta0).
  rewrite le_eqVlt; apply/orP; left; apply/eqP; rewrite /eta /s.
  by field; rewrite gt_eqF.
pose r := norm (T 0 - 0) / (1 - q).
have q1' : 0 < 1 - q by case/andP: q1 => _; rewrite subr_gt0.
have r0 : 0 <= r by rewrite divr_ge0 ?norm_ge0 // ltW.
have self x : ball (@norm _ d) 0 r x -> ball (@norm _ d) 0 r (T x).
  rewrite /ball => hx; have -> : T x - 0 = (T x - T 0) + (T 0 - 0) by rewrite addrA subrK.
  apply: le_trans (norm_triangle _ _) _.
  have -> : r = q * r + norm (T 0 - 0) by rewrite /r; field; rewrite gt_eqF.
  rewrite ler_add2r; apply: le_trans (ct _ _) _.
  by rewrite ler_wpmul2l ?sqrtr_ge0.
have [xs _ fix_xs] := fixed_point (vector_norm_euclid d) q1 r0 self (fun x y _ _ => ct x y).
exists xs; have : eta *: g xs = 0 by rewrite -[LHS](subKr xs) -/(T xs) fix_xs subrr.
by move/eqP; rewrite scaler_eq0 (gt_eqF eta0) /= => /eqP.
Qed.

Theorem logistic_retrained (n d : nat) (w : 'I_n -> R) (lam : R) (X : 'M[R]_(n, d))
    (y : 'I_n -> R) (b : 'cV[R]_d) :
  (forall i, 0 <= w i) -> 0 < lam ->
  exists xs, logistic_grad w lam X y b xs = 0 /\
    forall th, logistic_grad w lam X y b th = 0 -> th = xs.
Proof.
move=> w0 l0; have sm := @logistic_strongly_monotone n d w lam X y b w0.
have lip := logistic_lipschitz y b w0 l0 (weighted_sq_ge0 X w0) (gram_le_sq X w0).
have [xs gxs] := stationary_exists l0 sm lip.
by exists xs; split=> // th gth; apply: (stationary_unique l0 sm).
Qed.

Theorem softmax_retrained (n k d : nat) (w : 'I_n -> R) (lam : R)
    (S : 'I_n -> 'M[R]_(k.+1, d)) (y : 'I_n -> 'cV[R]_k.+1) (b : 'cV[R]_d) (s : 'I_n -> R) :
  (forall i, 0 <= w i) -> 0 < lam ->
  (forall i v, norm (S i *m v) <= s i * norm v) -> (forall i, 0 <= s i) ->
  exists xs, softmax_grad w lam S y b xs = 0 /\
    forall th, softmax_grad w lam S y b th = 0 -> th = xs.
Proof.
move=> w0 l0 sS s0; have sm := @softmax_strongly_monotone n k d w lam S y b w0.
have lip := softmax_lipschitz y b w0 l0 sS s0.
have [xs gxs] := stationary_exists l0 sm lip.
by exists xs; split=> // th gth; apply: (stationary_unique l0 sm).
Qed.
