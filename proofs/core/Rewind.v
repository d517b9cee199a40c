(** * Rewind: full-batch descent that forgets by going back and retraining from there, and how
    much a removal can move the gradient and the minimiser.  Axiom-free.

    Mean reduction: n rows with gradients g_i, U the removed ones, m of them, N = n - m kept.

    Definitions
      mean_grad g x           (1/n) sum_i g_i x
      kept_mean U g x         (1/N) sum_{i not in U} g_i x

    Theorems
      mean_difference         |mean_grad - kept_mean| <= 2 m G / n where every |g_i x| <= G
      removal_sensitivity     at a stationary point x of the mean, the retained minimiser is within
                              |sum_{i in U} g_i x| / (N mu)
      rewind_error            n steps on all rows, then K on the kept ones, against n + K on the
                              kept ones: <= q^K eta e sum_{j < n} q^j, q the expansion of a kept
                              step, e a bound on the gradients' difference along the run
      rewind_lipschitz        q = 1 + eta L:  (e / L) (q^n - 1) q^K
      rewind_convex           q = 1:          eta e n
      rewind_strongly_convex  q = 1 - eta mu: (e / mu) (1 - q^n) q^K; with K = 0 at most e / mu *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Step.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Means.
Variables (R : rcfType) (n d : nat) (g : 'I_n -> 'cV[R]_d -> 'cV[R]_d) (U : {set 'I_n}).
Hypothesis kept : (0 < #|~: U|)%N.

Local Notation m := (#|U|%:R : R).
Local Notation N := (#|~: U|%:R : R).

Definition mean_grad x : 'cV[R]_d := n%:R^-1 *: \sum_i g i x.
Definition kept_mean x : 'cV[R]_d := N^-1 *: \sum_(i in ~: U) g i x.

Lemma count_split : n%:R = m + N. Proof. by rewrite -natrD cardsC card_ord. Qed.
Lemma kept_gt0 : 0 < N. Proof. by rewrite ltr0n. Qed.
Lemma count_gt0 : 0 < n%:R :> R. Proof. by rewrite count_split ltr_paddl ?ler0n ?kept_gt0. Qed.

Lemma sum_split x : \sum_i g i x = (\sum_(i in U) g i x) + \sum_(i in ~: U) g i x.
Proof. by rewrite (bigID (fun i => i \in U)) /=; congr (_ + _); apply: eq_bigl => i; rewrite in_setC. Qed.

Theorem mean_difference (G : R) x : (forall i, norm (g i x) <= G) ->
  norm (mean_grad x - kept_mean x) <= 2%:R * m * G / n%:R.
Proof.
move=> hG; have n0 := count_gt0; have N0 := kept_gt0.
have -> : mean_grad x - kept_mean x = n%:R^-1 *: (\sum_(i in U) g i x)
    - (m / (n%:R * N)) *: (\sum_(i in ~: U) g i x).
  rewrite /mean_grad /kept_mean sum_split.
  have -> : m / (n%:R * N) = N^-1 - n%:R^-1.
    have -> : m = n%:R - N by rewrite count_split addrK.
    by field; rewrite !gt_eqF.
  move: (\sum_(i in U) g i x) (\sum_(i in ~: U) g i x) => a b.
  by rewrite scalerDr scalerBl -addrA; congr (_ + _); rewrite opprB addrC.
have su (B : {set 'I_n}) : norm (\sum_(i in B) g i x) <= #|B|%:R * G.
  by apply: le_trans (norm_sum _ _ _) _; rewrite mulr_natl -sumr_const; apply: ler_sum => i _.
apply: le_trans (norm_triangleB _ _) _; rewrite !normZ !ger0_norm ?invr_ge0 ?ler0n //; last first.
  by rewrite divr_ge0 ?mulr_ge0 ?ler0n.
have h1 := ler_wpmul2l (_ : 0 <= n%:R^-1) (su U).
have h2 := ler_wpmul2l (_ : 0 <= m / (n%:R * N)) (su (~: U)).
apply: le_trans (ler_add (h1 _) (h2 _)) _; rewrite ?invr_ge0 ?divr_ge0 ?mulr_ge0 ?ler0n //.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
by field; rewrite !gt_eqF.
Qed.

Theorem removal_sensitivity mu x xs : 0 < mu -> strongly_monotone mu kept_mean ->
  mean_grad x = 0 -> kept_mean xs = 0 ->
  norm (x - xs) <= norm (\sum_(i in U) g i x) / (N * mu).
Proof.
move=> mu0 sm gx gxs; apply: le_trans (residual_bound x mu0 sm gxs) _.
have s0 : \sum_(i in ~: U) g i x = - \sum_(i in U) g i x.
  apply/eqP; rewrite -addr_eq0 addrC -sum_split; apply/eqP.
  move/eqP: gx; rewrite /mean_grad scaler_eq0 invr_eq0 (gt_eqF count_gt0) /=.
  by move/eqP.
rewrite /kept_mean s0 normZ normN ger0_norm ?invr_ge0 ?ler0n // invfM mulrA.
by rewrite [X in X / _]mulrC.
Qed.
End Means.

Section Rewind.
Variables (R : rcfType) (d : nat) (all kept : 'cV[R]_d -> 'cV[R]_d) (eta q e : R) (x0 : 'cV[R]_d).
Hypotheses (eta0 : 0 <= eta) (q0 : 0 <= q) (step : lipschitz q (gd_step eta kept)).

Local Notation run k := (iter k (gd_step eta all) x0).

Lemma run_gap n : (forall k, (k < n)%N -> norm (all (run k) - kept (run k)) <= e) ->
  norm (run n - iter n (gd_step eta kept) x0) <= eta * e * (\sum_(j < n) q ^+ j).
Proof.
elim: n => [|n IH] he; first by rewrite subrr norm0 big_ord0 mulr0.
rewrite !iterS; set x := iter n _ _; set y := iter n _ _.
have -> : gd_step eta all x - gd_step eta kept y
  = (gd_step eta kept x - gd_step eta kept y) - eta *: (all x - kept x).
  by rewrite /gd_step; move: (all x) (kept x) (kept y) => *; vring.
apply: le_trans (norm_triangleB _ _) _.
have h1 := le_trans (step x y) (ler_wpmul2l q0 (IH (fun k kn => he k (ltnW kn)))).
have h2 : norm (eta *: (all x - kept x)) <= eta * e.
  by rewrite normZ ger0_norm // ler_wpmul2l // he.
apply: le_trans (ler_add h1 h2) _; rewrite big_ord_recl expr0 mulrDr mulr1 addrC ler_add2l.
rewrite mulrCA ler_wpmul2l //; last first.
  by rewrite mulr_sumr le_eqVlt; apply/orP; left; apply/eqP; apply: eq_bigr => j _; rewrite -exprS.
case: n {IH x y h1 h2} he => [|n] he; first exact: mulr_ge0 _ (le_trans (norm_ge0 _) (he 0%N _)).
by rewrite mulr_ge0 // (le_trans (norm_ge0 _) (he 0%N _)).
Qed.

Theorem rewind_error n K : (forall k, (k < n)%N -> norm (all (run k) - kept (run k)) <= e) ->
  norm (iter K (gd_step eta kept) (run n) - iter (K + n) (gd_step eta kept) x0)
  <= q ^+ K * (eta * e * (\sum_(j < n) q ^+ j)).
Proof.
move=> he; elim: K => [|K IH]; first by rewrite mul1r; apply: run_gap.
rewrite addSn !iterS exprS -mulrA; apply: le_trans (step _ _) _.
by rewrite ler_wpmul2l.
Qed.
End Rewind.

Section Closed.
Variables (R : rcfType) (d : nat) (all kept : 'cV[R]_d -> 'cV[R]_d) (eta e : R) (x0 : 'cV[R]_d) (n K : nat).
Hypothesis eta0 : 0 < eta.
Hypothesis close : forall k, (k < n)%N ->
  norm (all (iter k (gd_step eta all) x0) - kept (iter k (gd_step eta all) x0)) <= e.

Local Notation error := (norm (iter K (gd_step eta kept) (iter n (gd_step eta all) x0)
  - iter (K + n) (gd_step eta kept) x0)).

Lemma geometric_sum (q : R) : (1 - q) * (\sum_(j < n) q ^+ j) = 1 - q ^+ n.
Proof. by rewrite -[RHS]opprB subrX1 -mulNr opprB. Qed.

Theorem rewind_lipschitz (L : R) : 0 < L -> lipschitz L kept ->
  error <= e / L * ((1 + eta * L) ^+ n - 1) * (1 + eta * L) ^+ K.
Proof.
move=> L0 lip; have q0 : 0 <= 1 + eta * L by rewrite addr_ge0 ?ler01 // mulr_ge0 // ltW.
have st : lipschitz (1 + eta * L) (gd_step eta kept).
  move=> x y; rewrite /gd_step.
  have -> : x - eta *: kept x - (y - eta *: kept y) = (x - y) - eta *: (kept x - kept y).
    by move: (kept x) (kept y) => *; vring.
  apply: le_trans (norm_triangleB _ _) _; rewrite mulrDl mul1r ler_add2l normZ gtr0_norm //.
  by rewrite -mulrA ler_wpmul2l ?(ltW eta0).
apply: le_trans (rewind_error (ltW eta0) q0 st K close) _.
rewrite mulrC ler_wpmul2r ?exprn_ge0 // subrX1 [1 + _]addrC addrK.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; field; rewrite gt_eqF.
Qed.

Theorem rewind_convex : lipschitz 1 (gd_step eta kept) -> error <= eta * e * n%:R.
Proof.
move=> st; apply: le_trans (rewind_error (ltW eta0) ler01 st K close) _.
rewrite expr1n mul1r (eq_bigr (fun=> 1)) => [|i _]; last by rewrite expr1n.
by rewrite sumr_const card_ord.
Qed.

Theorem rewind_strongly_convex (mu : R) : 0 < mu -> eta * mu <= 1 ->
  lipschitz (1 - eta * mu) (gd_step eta kept) ->
  error <= e / mu * (1 - (1 - eta * mu) ^+ n) * (1 - eta * mu) ^+ K.
Proof.
move=> mu0 em st; have q0 : 0 <= 1 - eta * mu by rewrite subr_ge0.
apply: le_trans (rewind_error (ltW eta0) q0 st K close) _.
rewrite mulrC ler_wpmul2r ?exprn_ge0 // -geometric_sum opprB addrCA subrr addr0.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; field; rewrite gt_eqF.
Qed.
End Closed.
