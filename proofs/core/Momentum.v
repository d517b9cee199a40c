(** * Momentum: heavy-ball training, the run without the forgotten rows, and the
    add-back model.

      v_{k+1} = beta v_k + g_k(theta_k),   theta_{k+1} = theta_k - eta_k v_{k+1},
    with v_0 = 0; training uses g_k = keep_k + drop_k, retraining keep_k alone.
    A gradient taken at step [k] keeps acting through the velocity, so by step
    [t] it has been applied with weight kappa_k(t) = sum_{i=k}^{t-1} eta_i beta^(i-k).

    Definitions
    - [heavy_ball]: position and velocity; [mtrain], [mretrain]: positions.
    - [kappa k t]: the weight above.
    - [maddback ref t]: theta_t + sum_{k<t} kappa_k(t) drop_k(ref_k).
    - [momentum_bound L al]: the pair (e_k, p_k) with e_0 = p_0 = 0,
      p_{k+1} = beta p_k + L_k (e_k + al_k), e_{k+1} = e_k + eta_k p_{k+1}.

    Theorems
    - [heavy_ball_unroll]: theta_t = theta_0 - sum_{k<t} kappa_k(t) g_k(theta_k).
    - [unlearn_identity]: the exact error; no assumption whatever.
    - [unlearn_error]: the error is at most e_t plus the reference-point term, if
      al_k bounds the forgotten displacement sum_{j<k} kappa_j(k) drop_j(theta_j).
    - [noop_error]: |theta_t - phi_t| <= e_t + al_t.
    - [kappa_plain]: without momentum the weights are the step sizes.
    Axiom-free, over any real closed field. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Mask Step Trajectory.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Momentum.
Variables (R : rcfType) (d : nat).
Variables (beta : R) (eta : nat -> R) (theta0 : 'cV[R]_d).

Fixpoint heavy_ball (g : nat -> 'cV[R]_d -> 'cV[R]_d) k : 'cV[R]_d * 'cV[R]_d :=
  if k is j.+1 then
    let x := (heavy_ball g j).1 in
    let v := beta *: (heavy_ball g j).2 + g j x in
    (x - eta j *: v, v)
  else (theta0, 0).

Definition kappa k t : R := \sum_(k <= i < t) eta i * beta ^+ (i - k).

Lemma kappaS k t : (k <= t)%N -> kappa k t.+1 = kappa k t + eta t * beta ^+ (t - k).
Proof. by move=> kt; rewrite /kappa big_nat_recr. Qed.

Lemma kappa_geq k t : (t <= k)%N -> kappa k t = 0.
Proof. by move=> tk; rewrite /kappa big_geq. Qed.

Lemma heavy_ball_velocity g t :
  (heavy_ball g t).2 = \sum_(k < t) beta ^+ (t.-1 - k) *: g k (heavy_ball g k).1.
Proof.
elim: t => [|t IH]; first by rewrite big_ord0.
rewrite big_ord_recr [LHS]/= subnn expr0 scale1r IH; congr (_ + _).
rewrite scaler_sumr; apply: eq_bigr => k _; rewrite scalerA -exprS /=.
congr (_ ^+ _ *: _); case: t k {IH} => [[//]|t] k /=.
by rewrite subSn // -ltnS.
Qed.

Theorem heavy_ball_unroll g t :
  (heavy_ball g t).1 = theta0 - \sum_(k < t) kappa k t *: g k (heavy_ball g k).1.
Proof.
elim: t => [|t IH]; first by rewrite big_ord0 subr0.
have -> : (heavy_ball g t.+1).1 = (heavy_ball g t).1 - eta t *: (heavy_ball g t.+1).2 by [].
rewrite heavy_ball_velocity IH -addrA -opprD; congr (_ - _).
rewrite scaler_sumr [\sum_(k < t) _](_ : _ = \sum_(k < t.+1) kappa k t *: g k (heavy_ball g k).1).
  rewrite -big_split /=; apply: eq_bigr => k _; rewrite scalerA -scalerDl kappaS //.
  by rewrite -ltnS.
by rewrite big_ord_recr /= kappa_geq // scale0r addr0.
Qed.

(** ** Two runs and the add-back model *)
Variables (keep drop : nat -> 'cV[R]_d -> 'cV[R]_d).

Definition mtrain k : 'cV[R]_d := (heavy_ball (fun i x => keep i x + drop i x) k).1.
Definition mretrain k : 'cV[R]_d := (heavy_ball keep k).1.

Local Notation theta := mtrain.
Local Notation phi := mretrain.

Definition maddback (ref : nat -> 'cV[R]_d) t : 'cV[R]_d :=
  theta t + \sum_(k < t) kappa k t *: drop k (ref k).

Let D k := keep k (theta k) - keep k (phi k).

Lemma maddback_gap t : maddback theta t - phi t = - (\sum_(k < t) kappa k t *: D k).
Proof.
have th : theta t = theta0 - \sum_(k < t) kappa k t *: (keep k (theta k) + drop k (theta k)).
  exact: heavy_ball_unroll.
have ph : phi t = theta0 - \sum_(k < t) kappa k t *: keep k (phi k).
  exact: heavy_ball_unroll.
rewrite /maddback th ph.
have -> : \sum_(k < t) kappa k t *: (keep k (theta k) + drop k (theta k))
        = \sum_(k < t) kappa k t *: keep k (theta k) + \sum_(k < t) kappa k t *: drop k (theta k).
  by rewrite -big_split; apply: eq_bigr => k _; rewrite scalerDr.
have -> : \sum_(k < t) kappa k t *: D k
        = \sum_(k < t) kappa k t *: keep k (theta k) - \sum_(k < t) kappa k t *: keep k (phi k).
  by rewrite -sumrB; apply: eq_bigr => k _; rewrite scalerBr.
move: (\sum_(_ < t) _) (\sum_(_ < t) _) (\sum_(_ < t) _) => a b c; vring.
Qed.

Lemma maddback_ref ref t :
  maddback ref t = maddback theta t + \sum_(k < t) kappa k t *: (drop k (ref k) - drop k (theta k)).
Proof.
rewrite /maddback -addrA -big_split /=; congr (_ + _); apply: eq_bigr => k _.
by rewrite -scalerDr addrCA subrr addr0.
Qed.

Theorem unlearn_identity ref t :
  maddback ref t - phi t =
    - (\sum_(k < t) kappa k t *: (keep k (theta k) - keep k (phi k)))
    + (\sum_(k < t) kappa k t *: (drop k (ref k) - drop k (theta k))).
Proof. by rewrite maddback_ref addrAC maddback_gap. Qed.

(** ** The error recursion *)
Variables (L al : nat -> R).

Fixpoint momentum_bound k : R * R :=
  if k is j.+1 then
    let e := (momentum_bound j).1 in
    let p := beta * (momentum_bound j).2 + L j * (e + al j) in
    (e + eta j * p, p)
  else (0, 0).

Variable t : nat.
Hypothesis beta_ge0 : 0 <= beta.
Hypothesis eta_ge0 : forall k, (k < t)%N -> 0 <= eta k.

Lemma kappa_ge0 k n : (n <= t)%N -> 0 <= kappa k n.
Proof.
move=> nt; rewrite /kappa big_nat; apply: sumr_ge0 => i /andP[_ it].
by rewrite mulr_ge0 ?exprn_ge0 // eta_ge0 // (leq_trans it).
Qed.

(** The two velocities differ by the weighted sum of the gradient differences. *)
Fixpoint lag k : 'cV[R]_d := if k is j.+1 then beta *: lag j + D j else 0.

Lemma maddback_step k :
  maddback theta k.+1 - phi k.+1 = (maddback theta k - phi k) - eta k *: lag k.+1.
Proof.
have lagE n : lag n = \sum_(j < n) beta ^+ (n.-1 - j) *: D j.
  elim: n => [|n IH]; first by rewrite big_ord0.
  rewrite big_ord_recr [LHS]/= subnn expr0 scale1r IH; congr (_ + _).
  rewrite scaler_sumr; apply: eq_bigr => j _; rewrite scalerA -exprS /=.
  congr (_ ^+ _ *: _); case: n j {IH} => [[//]|n] j /=.
  by rewrite subSn // -ltnS.
rewrite !maddback_gap lagE -opprD; congr (- _).
rewrite scaler_sumr [X in _ = X + _](_ : _ = \sum_(j < k.+1) kappa j k *: D j).
  rewrite -big_split /=; apply: eq_bigr => j _; rewrite scalerA -scalerDl kappaS //.
  by rewrite -ltnS.
by rewrite big_ord_recr /= kappa_geq // scale0r addr0.
Qed.

Hypothesis L_ge0 : forall k, (k < t)%N -> 0 <= L k.
Hypothesis al_ge : forall k, (k < t)%N ->
  norm (\sum_(j < k) kappa j k *: drop j (theta j)) <= al k.

Lemma mgap_le k (b : R) :
  norm (\sum_(j < k) kappa j k *: drop j (theta j)) <= b ->
  norm (theta k - phi k) <= norm (maddback theta k - phi k) + b.
Proof.
move=> h.
have -> : theta k - phi k
        = (maddback theta k - phi k) - \sum_(j < k) kappa j k *: drop j (theta j).
  rewrite /maddback; move: (theta k) (phi k) (\sum_(_ < _) _) => x y s; vring.
by apply: le_trans (norm_triangleB _ _) _; rewrite ler_add2l.
Qed.

(** [L k] is a Lipschitz constant from [theta k] to the points of [S k] that lie
    within the current bound; [S k] is any set that contains the retrained path. *)
Variable S : nat -> 'cV[R]_d -> Prop.
Hypothesis S_phi : forall k, (k < t)%N -> S k (phi k).
Hypothesis keep_lip : forall k y, (k < t)%N -> S k y ->
  norm (theta k - y) <= (momentum_bound k).1 + al k ->
  norm (keep k (theta k) - keep k y) <= L k * norm (theta k - y).

Lemma momentum_invariant k : (k <= t)%N ->
  norm (maddback theta k - phi k) <= (momentum_bound k).1 /\
  norm (lag k) <= (momentum_bound k).2.
Proof.
elim: k => [|k IH] kt.
  by rewrite /maddback big_ord0 addr0 subrr norm0.
have [ek pk] := IH (ltnW kt).
have p1 : norm (lag k.+1) <= (momentum_bound k.+1).2.
  rewrite /=; apply: le_trans (norm_triangle _ _) _; apply: ler_add.
    by rewrite normZ ger0_norm // ler_wpmul2l.
  have gap : norm (theta k - phi k) <= (momentum_bound k).1 + al k.
    by apply: le_trans (mgap_le (al_ge kt)) _; rewrite ler_add2r.
  apply: le_trans (keep_lip kt (S_phi kt) gap) _.
  by rewrite ler_wpmul2l ?L_ge0.
split=> //; rewrite maddback_step; apply: le_trans (norm_triangleB _ _) _.
by apply: ler_add => //; rewrite normZ ger0_norm ?eta_ge0 // ler_wpmul2l ?eta_ge0.
Qed.

Theorem unlearn_error (ref : nat -> 'cV[R]_d) (Rd : nat -> R) :
  (forall k, (k < t)%N ->
     norm (drop k (ref k) - drop k (theta k)) <= Rd k * norm (theta k - ref k)) ->
  norm (maddback ref t - phi t) <=
    (momentum_bound t).1 + \sum_(k < t) kappa k t * Rd k * norm (theta k - ref k).
Proof.
move=> dl; rewrite maddback_ref addrAC; apply: le_trans (norm_triangle _ _) _.
apply: ler_add; first by case: (momentum_invariant (leqnn t)).
apply: le_trans (norm_sum _ _ _) _; apply: ler_sum => k _.
by rewrite normZ ger0_norm ?kappa_ge0 // -mulrA ler_wpmul2l ?kappa_ge0 ?dl.
Qed.

(** References at the recorded path: the recursion alone. *)
Corollary unlearn_error_recorded : norm (maddback theta t - phi t) <= (momentum_bound t).1.
Proof. by case: (momentum_invariant (leqnn t)). Qed.

Theorem noop_error (b : R) :
  norm (\sum_(j < t) kappa j t *: drop j (theta j)) <= b ->
  norm (theta t - phi t) <= (momentum_bound t).1 + b.
Proof.
move=> h; apply: le_trans (mgap_le h) _; rewrite ler_add2r.
exact: unlearn_error_recorded.
Qed.

End Momentum.

(** Without momentum this is [Trajectory]. *)
Section Plain.
Variables (R : rcfType) (d : nat) (eta : nat -> R).

Lemma kappa_plain k t : (k < t)%N -> kappa 0 eta k t = eta k.
Proof.
move=> kt; rewrite /kappa big_ltn // subnn expr0 mulr1 big_nat big1 ?addr0 //.
by move=> i /andP[ki _]; rewrite -(prednK (_ : 0 < i - k)%N) ?subn_gt0 // exprS mul0r mulr0.
Qed.

Lemma mtrain_plain (keep drop : nat -> 'cV[R]_d -> 'cV[R]_d) theta0 k :
  mtrain 0 eta theta0 keep drop k = train keep drop eta theta0 k.
Proof.
elim: k => //= k IH.
have -> : mtrain 0 eta theta0 keep drop k.+1
        = mtrain 0 eta theta0 keep drop k
          - eta k *: (keep k (mtrain 0 eta theta0 keep drop k)
                      + drop k (mtrain 0 eta theta0 keep drop k)).
  by rewrite {1}/mtrain /= scale0r add0r.
by rewrite IH.
Qed.

Lemma mretrain_plain (keep : nat -> 'cV[R]_d -> 'cV[R]_d) theta0 k :
  mretrain 0 eta theta0 keep k = retrain keep eta theta0 k.
Proof.
elim: k => //= k IH.
have -> : mretrain 0 eta theta0 keep k.+1
        = mretrain 0 eta theta0 keep k - eta k *: keep k (mretrain 0 eta theta0 keep k).
  by rewrite {1}/mretrain /= scale0r add0r.
by rewrite IH.
Qed.
End Plain.
