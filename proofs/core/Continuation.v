(** * Continuation: where retraining can be, known without retraining, and recollection
    that uses it.  Heavy-ball runs; momentum 0 is plain gradient descent.  Axiom-free.

    Setting: theta = the recorded run, phi = retraining from the same start, with velocities;
    keep_k and drop_k the retained and the forgotten part of the gradient of step k.

    Definitions
      gap_bound k            (gamma_k, p_k): p' = beta p + L_k gamma + n_k, gamma' = gamma + eta_k p'
      carried k              (v_k, z_k): the removal carried along, z' = beta z + H_k v - drop_k(theta_k),
                             v' = v - eta_k z'
      carried_bound k        (e_k, p_k): p' = beta p + L_k e + Q_k/2 m^2, e' = e + eta_k p',
                             m = min(|v_k| + e_k, gamma_k)
      plain_bound c k        (e_k, G_k): e' = c_k e + eta_k Q_k/2 m^2, G' = c_k G + eta_k n_k,
                             m = min(|v_k| + e_k, G_k)

    Theorems
      self_consistent_radius if gamma_t <= r, and L_k, n_k hold on the ball around the start that
                             contains the recorded path and r more, then retraining stays in that
                             ball and |theta_k - phi_k| <= gamma_k <= r
      confined_error         |theta_t + v_t - phi_t| <= e_t, with momentum
      confined_error_plain   the same without momentum, from step factors c_k *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Step Trajectory Momentum Recollection.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Radius.
Variables (R : rcfType) (d : nat) (beta : R) (eta : nat -> R) (theta0 : 'cV[R]_d).
Variables (keep drop : nat -> 'cV[R]_d -> 'cV[R]_d) (L nd : nat -> R) (t : nat).

Local Notation full := (fun i x => keep i x + drop i x).
Local Notation theta k := (heavy_ball beta eta theta0 full k).1.
Local Notation phi k := (heavy_ball beta eta theta0 keep k).1.
Local Notation vel k := (heavy_ball beta eta theta0 full k).2.
Local Notation rvel k := (heavy_ball beta eta theta0 keep k).2.

Fixpoint gap_bound k : R * R :=
  if k is j.+1 then
    let p := beta * (gap_bound j).2 + L j * (gap_bound j).1 + nd j in
    ((gap_bound j).1 + eta j * p, p)
  else (0, 0).

Hypothesis beta0 : 0 <= beta.
Hypothesis eta0 : forall k, (k < t)%N -> 0 <= eta k.
Hypothesis L0 : forall k, (k < t)%N -> 0 <= L k.
Hypothesis drop_le : forall k, (k < t)%N -> norm (drop k (theta k)) <= nd k.

Lemma nd_ge0 k : (k < t)%N -> 0 <= nd k.
Proof. by move=> kt; apply: le_trans (drop_le kt); apply: norm_ge0. Qed.

Lemma gap_bound_ge0 k : (k <= t)%N -> 0 <= (gap_bound k).1 /\ 0 <= (gap_bound k).2.
Proof.
elim: k => [//|k IH] kt; have [g0 p0] := IH (ltnW kt).
have p1 : 0 <= (gap_bound k.+1).2.
  by rewrite /= addr_ge0 ?nd_ge0 // addr_ge0 ?mulr_ge0 ?L0.
by split=> //; rewrite /= addr_ge0 // mulr_ge0 ?eta0.
Qed.

Lemma gap_bound_monotone j k : (j <= k)%N -> (k <= t)%N -> (gap_bound j).1 <= (gap_bound k).1.
Proof.
elim: k => [|k IH]; first by rewrite leqn0 => /eqP ->.
rewrite leq_eqVlt => /orP [/eqP -> //|jk] kt.
apply: le_trans (IH jk (ltnW kt)) _; have [_ p0] := gap_bound_ge0 kt.
by rewrite [X in _ <= X]/= ler_addl mulr_ge0 ?eta0.
Qed.

(** One step of both runs. *)
Lemma gap_step k : (k < t)%N ->
  norm (keep k (theta k) - keep k (phi k)) <= L k * norm (theta k - phi k) ->
  norm (theta k - phi k) <= (gap_bound k).1 -> norm (vel k - rvel k) <= (gap_bound k).2 ->
  norm (theta k.+1 - phi k.+1) <= (gap_bound k.+1).1 /\
  norm (vel k.+1 - rvel k.+1) <= (gap_bound k.+1).2.
Proof.
move=> kt lip hg hp.
have hv : norm (vel k.+1 - rvel k.+1) <= (gap_bound k.+1).2.
  have -> : vel k.+1 - rvel k.+1 = beta *: (vel k - rvel k)
      + (keep k (theta k) - keep k (phi k)) + drop k (theta k).
    rewrite /=; move: (heavy_ball _ _ _ full k) (heavy_ball _ _ _ keep k) => a c.
    by move: (keep k a.1) (keep k c.1) (drop k a.1) => *; vring.
  apply: le_trans (norm_triangle _ _) _; rewrite [X in _ <= X]/=.
  apply: ler_add; last exact: drop_le.
  apply: le_trans (norm_triangle _ _) _; apply: ler_add.
    by rewrite normZ ger0_norm // ler_wpmul2l.
  by apply: le_trans lip _; rewrite ler_wpmul2l ?L0.
split=> //; have -> : theta k.+1 - phi k.+1
    = (theta k - phi k) - eta k *: (vel k.+1 - rvel k.+1).
  rewrite [theta k.+1]/= [phi k.+1]/= [vel k.+1]/= [rvel k.+1]/=.
  move: (heavy_ball _ _ _ full k) (heavy_ball _ _ _ keep k) => a c.
  by move: (keep k a.1) (keep k c.1) (drop k a.1) => *; vring.
apply: le_trans (norm_triangleB _ _) _; apply: ler_add => //.
by rewrite normZ ger0_norm ?eta0 // ler_wpmul2l ?eta0.
Qed.

Variables (travelled r : R).
Hypothesis travelled_le : forall k, (k <= t)%N -> norm (theta k - theta0) <= travelled.
Hypothesis keep_lip : forall k y, (k < t)%N -> norm (y - theta0) <= travelled + r ->
  norm (keep k (theta k) - keep k y) <= L k * norm (theta k - y).

Theorem self_consistent_radius : (gap_bound t).1 <= r -> forall k, (k <= t)%N ->
  [/\ norm (theta k - phi k) <= (gap_bound k).1, (gap_bound k).1 <= r &
      norm (phi k - theta0) <= travelled + r].
Proof.
move=> hr k kt.
suff [h _] : norm (theta k - phi k) <= (gap_bound k).1 /\ norm (vel k - rvel k) <= (gap_bound k).2.
  have hk : (gap_bound k).1 <= r by apply: le_trans hr; apply: gap_bound_monotone.
  split=> //; have -> : phi k - theta0 = (theta k - theta0) - (theta k - phi k) by vring.
  by apply: le_trans (norm_triangleB _ _) _; rewrite ler_add ?travelled_le // (le_trans h).
elim: k kt => [|k IH] kt; first by rewrite /= !subrr norm0.
have [hg hp] := IH (ltnW kt); apply: gap_step => //; apply: keep_lip => //.
have hk : (gap_bound k).1 <= r by apply: le_trans hr; apply: gap_bound_monotone => //; apply: ltnW.
have -> : phi k - theta0 = (theta k - theta0) - (theta k - phi k) by vring.
by apply: le_trans (norm_triangleB _ _) _; rewrite ler_add ?(travelled_le (ltnW kt)) // (le_trans hg).
Qed.

(** ** Recollection with momentum *)
Variables (hvp : nat -> 'cV[R]_d -> 'cV[R]_d) (Q : nat -> R).
Hypothesis hvpB : forall k x y, (k < t)%N -> hvp k (x - y) = hvp k x - hvp k y.
Hypothesis hvp_le : forall k x, (k < t)%N -> norm (hvp k x) <= L k * norm x.
Hypothesis Q0 : forall k, (k < t)%N -> 0 <= Q k.

Fixpoint carried k : 'cV[R]_d * 'cV[R]_d :=
  if k is j.+1 then
    let z := beta *: (carried j).2 + hvp j (carried j).1 - drop j (theta j) in
    ((carried j).1 - eta j *: z, z)
  else (0, 0).

Fixpoint carried_bound k : R * R :=
  if k is j.+1 then
    let m := Num.min (norm (carried j).1 + (carried_bound j).1) (gap_bound j).1 in
    let p := beta * (carried_bound j).2 + L j * (carried_bound j).1 + Q j / 2%:R * m ^+ 2 in
    ((carried_bound j).1 + eta j * p, p)
  else (0, 0).

Hypothesis lip : forall k, (k < t)%N ->
  norm (keep k (theta k) - keep k (phi k)) <= L k * norm (theta k - phi k).
Hypothesis rem : forall k, (k < t)%N ->
  norm (keep k (phi k) - keep k (theta k) - hvp k (phi k - theta k))
  <= Q k / 2%:R * norm (phi k - theta k) ^+ 2.

Theorem confined_error k : (k <= t)%N ->
  norm (theta k + (carried k).1 - phi k) <= (carried_bound k).1.
Proof.
move=> kt; suff [] : [/\ norm (theta k + (carried k).1 - phi k) <= (carried_bound k).1,
    norm (vel k + (carried k).2 - rvel k) <= (carried_bound k).2,
    norm (theta k - phi k) <= (gap_bound k).1 & norm (vel k - rvel k) <= (gap_bound k).2] by [].
elim: k kt => [|k IH] kt; first by rewrite /= !addr0 !subrr norm0.
have [he hp hg hs] := IH (ltnW kt); have [hg' hs'] := gap_step kt (lip kt) hg hs.
set m := Num.min (norm (carried k).1 + (carried_bound k).1) (gap_bound k).1.
have hm : norm (phi k - theta k) <= m.
  rewrite le_minr; apply/andP; split; last by rewrite normBC.
  have -> : phi k - theta k = (carried k).1 - (theta k + (carried k).1 - phi k) by vring.
  by apply: le_trans (norm_triangleB _ _) _; rewrite ler_add2l.
have hv : norm (vel k.+1 + (carried k.+1).2 - rvel k.+1) <= (carried_bound k.+1).2.
  have -> : vel k.+1 + (carried k.+1).2 - rvel k.+1
    = beta *: (vel k + (carried k).2 - rvel k) + hvp k (theta k + (carried k).1 - phi k)
      - (keep k (phi k) - keep k (theta k) - hvp k (phi k - theta k)).
    have -> : hvp k (theta k + (carried k).1 - phi k)
        = hvp k (carried k).1 - hvp k (phi k - theta k).
      by rewrite -hvpB //; congr (hvp k _); vring.
    rewrite /=; move: (heavy_ball _ _ _ full k) (heavy_ball _ _ _ keep k) (carried k) => a c e.
    by move: (keep k a.1) (keep k c.1) (drop k a.1) (hvp k _) (hvp k _) => *; vring.
  apply: le_trans (norm_triangleB _ _) _; rewrite [X in _ <= X]/= -/m; apply: ler_add.
    apply: le_trans (norm_triangle _ _) _; apply: ler_add.
      by rewrite normZ ger0_norm // ler_wpmul2l.
    by apply: le_trans (hvp_le _ kt) _; rewrite ler_wpmul2l ?L0.
  apply: le_trans (rem kt) _; rewrite ler_wpmul2l ?divr_ge0 ?Q0 ?ler0n //.
  by rewrite ler_sqr ?nnegrE ?norm_ge0 // (le_trans (norm_ge0 _) hm).
split=> //; have -> : theta k.+1 + (carried k.+1).1 - phi k.+1
    = (theta k + (carried k).1 - phi k) - eta k *: (vel k.+1 + (carried k.+1).2 - rvel k.+1).
  rewrite [theta k.+1]/= [phi k.+1]/= [vel k.+1]/= [rvel k.+1]/= /=.
  move: (heavy_ball _ _ _ full k) (heavy_ball _ _ _ keep k) (carried k) => a c e.
  by move: (keep k a.1) (keep k c.1) (drop k a.1) (hvp k _) => *; vring.
apply: le_trans (norm_triangleB _ _) _; apply: ler_add => //.
by rewrite normZ ger0_norm ?eta0 // ler_wpmul2l ?eta0.
Qed.
End Radius.

(** ** Without momentum: the step factors c_k serve both recursions. *)
Section Plain.
Variables (R : rcfType) (d : nat) (keep drop : nat -> 'cV[R]_d -> 'cV[R]_d).
Variables (eta : nat -> R) (theta0 : 'cV[R]_d) (hvp : nat -> 'cV[R]_d -> 'cV[R]_d).
Variables (c Q nd : nat -> R) (t : nat).

Local Notation theta := (train keep drop eta theta0).
Local Notation phi := (retrain keep eta theta0).
Local Notation v := (recollect keep drop eta theta0 hvp).

Fixpoint plain_bound k : R * R :=
  if k is j.+1 then
    let m := Num.min (norm (v j) + (plain_bound j).1) (plain_bound j).2 in
    (c j * (plain_bound j).1 + eta j * Q j / 2%:R * m ^+ 2, c j * (plain_bound j).2 + eta j * nd j)
  else (0, 0).

Hypothesis hvpB : forall k x y, (k < t)%N -> hvp k (x - y) = hvp k x - hvp k y.
Hypothesis eta0 : forall k, (k < t)%N -> 0 <= eta k.
Hypothesis c0 : forall k, (k < t)%N -> 0 <= c k.
Hypothesis Q0 : forall k, (k < t)%N -> 0 <= Q k.
Hypothesis drop_le : forall k, (k < t)%N -> norm (drop k (theta k)) <= nd k.
Hypothesis contract : forall k x, (k < t)%N -> norm (gd_step (eta k) (hvp k) x) <= c k * norm x.
Hypothesis step_lip : forall k, (k < t)%N ->
  norm (gd_step (eta k) (keep k) (theta k) - gd_step (eta k) (keep k) (phi k))
  <= c k * norm (theta k - phi k).
Hypothesis rem : forall k, (k < t)%N ->
  norm (keep k (phi k) - keep k (theta k) - hvp k (phi k - theta k))
  <= Q k / 2%:R * norm (phi k - theta k) ^+ 2.

Theorem confined_error_plain k : (k <= t)%N ->
  norm (theta k + v k - phi k) <= (plain_bound k).1 /\ norm (theta k - phi k) <= (plain_bound k).2.
Proof.
elim: k => [|k IH] kt; first by rewrite /= addr0 !subrr norm0.
have [he hg] := IH (ltnW kt).
set m := Num.min (norm (v k) + (plain_bound k).1) (plain_bound k).2.
have hm : norm (phi k - theta k) <= m.
  rewrite le_minr; apply/andP; split; last by rewrite normBC.
  have -> : phi k - theta k = v k - (theta k + v k - phi k) by vring.
  by apply: le_trans (norm_triangleB _ _) _; rewrite ler_add2l.
split.
  rewrite (@recollect_step _ _ keep drop eta theta0 hvp t hvpB k kt); apply: le_trans (norm_triangle _ _) _; apply: ler_add.
    by apply: le_trans (contract _ kt) _; rewrite ler_wpmul2l ?c0.
  rewrite normZ ger0_norm ?eta0 // -!mulrA ler_wpmul2l ?eta0 // mulrA.
  apply: le_trans (rem kt) _; rewrite ler_wpmul2l ?divr_ge0 ?Q0 ?ler0n //.
  by rewrite ler_sqr ?nnegrE ?norm_ge0 // (le_trans (norm_ge0 _) hm).
rewrite train_step retrain_step.
have -> : gd_step (eta k) (keep k) (theta k) - eta k *: drop k (theta k)
    - gd_step (eta k) (keep k) (phi k)
  = (gd_step (eta k) (keep k) (theta k) - gd_step (eta k) (keep k) (phi k))
    - eta k *: drop k (theta k).
  by move: (gd_step _ _ _) (gd_step _ _ _) (drop k _) => *; vring.
apply: le_trans (norm_triangleB _ _) _; apply: ler_add.
  by apply: le_trans (step_lip kt) _; rewrite ler_wpmul2l ?c0.
by rewrite normZ ger0_norm ?eta0 // ler_wpmul2l ?eta0 ?drop_le.
Qed.
End Plain.
