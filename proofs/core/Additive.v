(** * Additive: forgetting by vectors that were prepared before anyone asked.

    Recollection carries the forgotten kicks through the curvature of the rows
    that stay, so it can only start once the request is known.  Carried through
    the curvature of the whole batch instead, the vectors of single units (rows,
    slices) can be prepared in advance and simply added up on request.  What
    that costs is one more term: the curvature of the forgotten rows times the
    vector carried so far.

    Definitions
    - [carried kick]: w_0 = 0, w_{k+1} = w_k - eta_k full_k w_k + eta_k kick_k,
      full_k the curvature of the whole batch at theta_k.
    - [rest k]: full_k - hvp_k, the curvature of the forgotten rows.
    - [additive_radius V D G]: E_0 = 0,
      E_{k+1} = c_k E_k + eta_k (Q_k/2 min(V_k + E_k, G_k) V_k + D_k V_k).
    - [additive_radius_sq V D]: the same with (V_k + E_k)^2.

    Theorems
    - [carried_sum]: the vector of a set is the sum of the vectors of its units;
      [carried_norm_sum]: so its norm is at most the sum of their norms.
    - [additive_step]: the error follows the linearised retained step, plus the
      remainder of the gradient, minus rest_k w_k.
    - [additive_exact]: no remainder and no curvature on the forgotten rows, no
      error.
    - [additive_error_sq]: |theta_t + w_t - phi_t| <= E_t from the second-order
      remainder of the gradient of the rows that stay.
    - [additive_error]: the same with min(V + E, G) V, from the averaged curvature
      between theta_k and phi_k, for any G_k >= |phi_k - theta_k|.
    Axiom-free, over any real closed field. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Mask Step Trajectory.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Carried.
Variables (R : rcfType) (d : nat) (eta : nat -> R).
Variable full : nat -> 'cV[R]_d -> 'cV[R]_d.

Fixpoint carried (kick : nat -> 'cV[R]_d) k : 'cV[R]_d :=
  if k is j.+1
  then carried kick j - eta j *: full j (carried kick j) + eta j *: kick j
  else 0.

Hypothesis fullD : forall k x y, full k (x + y) = full k x + full k y.

Lemma full0 k : full k 0 = 0.
Proof. by have := fullD k 0 0; rewrite addr0 -[LHS]addr0 => /addrI <-. Qed.

Lemma carriedD a b k :
  carried (fun j => a j + b j) k = carried a k + carried b k.
Proof.
elim: k => [|k IH] /=; first by rewrite addr0.
rewrite IH fullD; move: (full k _) (full k _) => p q.
by move: (carried a k) (carried b k) (a k) (b k) => x y z w; vring.
Qed.

Lemma carried0 k : carried (fun=> 0) k = 0.
Proof. by elim: k => //= k ->; rewrite full0 !scaler0 subr0 addr0. Qed.

Lemma eq_carried a b : a =1 b -> carried a =1 carried b.
Proof. by move=> ab; elim=> //= k ->; rewrite ab. Qed.

Theorem carried_sum (I : Type) (r : seq I) (kick : I -> nat -> 'cV[R]_d) k :
  carried (fun j => \sum_(u <- r) kick u j) k = \sum_(u <- r) carried (kick u) k.
Proof.
elim: r => [|u r IH].
  by rewrite big_nil -[RHS](carried0 k); apply: eq_carried => j; rewrite big_nil.
rewrite big_cons -IH -carriedD; apply: eq_carried => j.
by rewrite big_cons.
Qed.

Corollary carried_norm_sum (I : Type) (r : seq I) (kick : I -> nat -> 'cV[R]_d) k :
  norm (carried (fun j => \sum_(u <- r) kick u j) k)
  <= \sum_(u <- r) norm (carried (kick u) k).
Proof. by rewrite carried_sum; exact: norm_sum. Qed.
End Carried.

Section Additive.
Variables (R : rcfType) (d : nat).
Variables (keep drop : nat -> 'cV[R]_d -> 'cV[R]_d).
Variables (eta : nat -> R) (theta0 : 'cV[R]_d).
Variables full hvp : nat -> 'cV[R]_d -> 'cV[R]_d.

Local Notation theta := (train keep drop eta theta0).
Local Notation phi := (retrain keep eta theta0).
Local Notation w := (carried eta full (fun j => drop j (theta j))).
Local Notation err k := (theta k + w k - phi k).

Definition rest k x : 'cV[R]_d := full k x - hvp k x.

Definition gradient_remainder k y : 'cV[R]_d :=
  keep k y - keep k (theta k) - hvp k (y - theta k).

Variable t : nat.

(** ** One step *)
Theorem additive_step k :
  (forall x y, hvp k (x - y) = hvp k x - hvp k y) ->
  err k.+1 = gd_step (eta k) (hvp k) (err k)
             + eta k *: (gradient_remainder k (phi k) - rest k (w k)).
Proof.
move=> hvpB; rewrite /gd_step /gradient_remainder /rest.
have -> : hvp k (err k) = hvp k (w k) - hvp k (phi k - theta k).
  by rewrite -hvpB; congr (hvp k _); vring.
rewrite /=; move: (keep k (theta k)) (keep k (phi k)) (drop k (theta k)) => a b e.
move: (full k (w k)) (hvp k (w k)) (hvp k (phi k - theta k)) => f p q.
by move: (w k) (theta k) (phi k) => x y z; vring.
Qed.

(** The same step through an operator that turns the change of the parameters
    into the change of the retained gradient exactly. *)
Theorem additive_step_averaged (avg : nat -> 'cV[R]_d -> 'cV[R]_d) k :
  (forall x y, avg k (x - y) = avg k x - avg k y) ->
  keep k (phi k) - keep k (theta k) = avg k (phi k - theta k) ->
  err k.+1 = gd_step (eta k) (avg k) (err k) + eta k *: (avg k (w k) - full k (w k)).
Proof.
move=> avgB change; rewrite /gd_step.
have -> : avg k (err k) = avg k (w k) - (keep k (phi k) - keep k (theta k)).
  by rewrite change -avgB; congr (avg k _); vring.
rewrite /=; move: (keep k (theta k)) (keep k (phi k)) (drop k (theta k)) => a b e.
move: (full k (w k)) (avg k (w k)) => f p.
by move: (w k) (theta k) (phi k) => x y z; vring.
Qed.

Theorem additive_exact :
  (forall k x y, (k < t)%N -> hvp k (x - y) = hvp k x - hvp k y) ->
  (forall k, (k < t)%N -> gradient_remainder k (phi k) = 0) ->
  (forall k, (k < t)%N -> rest k (w k) = 0) ->
  theta t + w t = phi t.
Proof.
move=> hvpB rem0 rest0; apply/eqP; rewrite -subr_eq0; apply/eqP.
suff H k : (k <= t)%N -> err k = 0 by exact: H.
elim: k => [|k IH] kt; first by rewrite /= addr0 subrr.
have h0 : hvp k 0 = 0 by have := hvpB k 0 0 kt; rewrite !subrr.
rewrite additive_step => [|x y]; last exact: hvpB.
by rewrite rem0 // rest0 // IH ?(ltnW kt) // /gd_step h0 subrr !scaler0 subr0 addr0.
Qed.

(** ** The error *)
Variables (c Q V D G : nat -> R).
Hypothesis eta_ge0 : forall k, (k < t)%N -> 0 <= eta k.
Hypothesis c_ge0 : forall k, (k < t)%N -> 0 <= c k.
Hypothesis Q_ge0 : forall k, (k < t)%N -> 0 <= Q k.
Hypothesis carriedV : forall k, (k < t)%N -> norm (w k) <= V k.
Hypothesis restD : forall k, (k < t)%N -> norm (rest k (w k)) <= D k * V k.

Fixpoint additive_radius k : R :=
  if k is j.+1
  then c j * additive_radius j
       + eta j * (Q j / 2%:R * Num.min (V j + additive_radius j) (G j) * V j + D j * V j)
  else 0.

Fixpoint additive_radius_sq k : R :=
  if k is j.+1
  then c j * additive_radius_sq j
       + eta j * (Q j / 2%:R * (V j + additive_radius_sq j) ^+ 2 + D j * V j)
  else 0.

(** How far the retrained run is from the recorded one. *)
Lemma gap_le k E : (k < t)%N -> norm (err k) <= E -> norm (phi k - theta k) <= V k + E.
Proof.
move=> kt errE; have -> : phi k - theta k = w k - err k by vring.
by apply: le_trans (norm_triangleB _ _) _; rewrite ler_add ?carriedV.
Qed.

Theorem additive_error_sq :
  (forall k x y, (k < t)%N -> hvp k (x - y) = hvp k x - hvp k y) ->
  (forall k x, (k < t)%N -> norm (gd_step (eta k) (hvp k) x) <= c k * norm x) ->
  (forall k, (k < t)%N -> norm (gradient_remainder k (phi k))
     <= Q k / 2%:R * norm (phi k - theta k) ^+ 2) ->
  norm (theta t + w t - phi t) <= additive_radius_sq t.
Proof.
move=> hvpB contract rem.
suff H k : (k <= t)%N -> norm (err k) <= additive_radius_sq k by exact: H.
elim: k => [|k IH] kt; first by rewrite /= addr0 subrr norm0.
have {}IH := IH (ltnW kt); rewrite additive_step => [|x y]; last exact: hvpB.
apply: le_trans (norm_triangle _ _) _; apply: ler_add.
  by apply: le_trans (contract _ _ kt) _; rewrite ler_wpmul2l ?c_ge0.
rewrite normZ ger0_norm ?eta_ge0 // ler_wpmul2l ?eta_ge0 //.
apply: le_trans (norm_triangleB _ _) _; apply: ler_add; last exact: restD.
apply: le_trans (rem _ kt) _; rewrite ler_wpmul2l ?divr_ge0 ?Q_ge0 ?ler0n //.
have gap := gap_le kt IH.
by rewrite ler_sqr ?nnegrE ?norm_ge0 // (le_trans (norm_ge0 _) gap).
Qed.

Theorem additive_error (avg : nat -> 'cV[R]_d -> 'cV[R]_d) :
  (forall k x y, (k < t)%N -> avg k (x - y) = avg k x - avg k y) ->
  (forall k, (k < t)%N -> keep k (phi k) - keep k (theta k) = avg k (phi k - theta k)) ->
  (forall k x, (k < t)%N -> norm (gd_step (eta k) (avg k) x) <= c k * norm x) ->
  (forall k x, (k < t)%N -> norm (avg k x - hvp k x)
     <= Q k / 2%:R * norm (phi k - theta k) * norm x) ->
  (forall k, (k < t)%N -> norm (phi k - theta k) <= G k) ->
  norm (theta t + w t - phi t) <= additive_radius t.
Proof.
move=> avgB change contract near gapG.
suff H k : (k <= t)%N -> norm (err k) <= additive_radius k by exact: H.
elim: k => [|k IH] kt; first by rewrite /= addr0 subrr norm0.
have {}IH := IH (ltnW kt); rewrite (@additive_step_averaged avg) => [|x y|]; first last.
- exact: change.
- exact: avgB.
apply: le_trans (norm_triangle _ _) _; apply: ler_add.
  by apply: le_trans (contract _ _ kt) _; rewrite ler_wpmul2l ?c_ge0.
rewrite normZ ger0_norm ?eta_ge0 // ler_wpmul2l ?eta_ge0 //.
have -> : avg k (w k) - full k (w k) = (avg k (w k) - hvp k (w k)) - rest k (w k).
  by rewrite /rest; vring.
apply: le_trans (norm_triangleB _ _) _; apply: ler_add; last exact: restD.
apply: le_trans (near _ _ kt) _.
have half0 : 0 <= Q k / 2%:R by rewrite divr_ge0 ?Q_ge0 ?ler0n.
apply: ler_pmul; [by rewrite mulr_ge0 ?norm_ge0 | exact: norm_ge0 | | exact: carriedV].
by rewrite ler_wpmul2l // le_minr gap_le // gapG.
Qed.
End Additive.

(** ** Quadratic losses
    With matrices the remainder vanishes: only the curvature of the forgotten
    rows is missed. *)
Section Quadratic.
Variables (R : rcfType) (d : nat).
Variables (keep drop : nat -> 'cV[R]_d -> 'cV[R]_d).
Variables (eta : nat -> R) (theta0 : 'cV[R]_d) (H F : nat -> 'M[R]_d).

Local Notation theta := (train keep drop eta theta0).
Local Notation phi := (retrain keep eta theta0).
Local Notation w := (carried eta (fun k x => F k *m x) (fun j => drop j (theta j))).

Theorem additive_error_quadratic (b : nat -> 'cV[R]_d) (c V D : nat -> R) t :
  (forall k x, (k < t)%N -> keep k x = H k *m x + b k) ->
  (forall k, (k < t)%N -> 0 <= eta k) -> (forall k, (k < t)%N -> 0 <= c k) ->
  (forall k x, (k < t)%N -> norm (x - eta k *: (H k *m x)) <= c k * norm x) ->
  (forall k, (k < t)%N -> norm (w k) <= V k) ->
  (forall k, (k < t)%N -> norm ((F k - H k) *m w k) <= D k * V k) ->
  norm (theta t + w t - phi t)
  <= additive_radius eta c (fun=> 0) V D (fun k => norm (phi k - theta k)) t.
Proof.
move=> affine e0 c0 ct wV restD.
apply: (@additive_error _ _ keep drop eta theta0 _ (fun k x => H k *m x) t c (fun=> 0) V D _
          e0 c0 _ wV _ (fun k x => H k *m x)) => //.
- by move=> k kt; rewrite /rest -mulmxBl; exact: restD.
- by move=> k x y _; exact: mulmxBr.
- by move=> k kt; rewrite !affine // opprD addrACA subrr addr0 -mulmxBr.
by move=> k x _; rewrite subrr norm0 !mul0r.
Qed.
End Quadratic.
