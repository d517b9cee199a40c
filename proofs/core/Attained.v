(** * Attained: the bounds of [Sgd] cannot be improved in general.

    The run: every retained loss is s_k |x|^2 / 2, the forgotten row has the
    constant gradient c at step 0 and does not appear again.

    Definitions
    - [linear_keep s], [kick_once c]: this run.

    Theorems
    - [linear_run]: the paths in closed form.
    - [general_attained]: with s = - L the error equals the bound of
      [unlearn_error_general].
    - [strongly_convex_attained]: with s = mu = L the error equals the bound of
      [unlearn_error_condition], a_0 (1 - prod (1 - eta_i mu_i)).
    - [noop_attained]: with s = mu the distance of the untouched model equals the
      bound of [noop_error_strongly_convex].
    Axiom-free, over any real closed field. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Mask Step Trajectory Sgd.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Attained.
Variables (R : rcfType) (d : nat) (eta s : nat -> R) (c : 'cV[R]_d).

Definition linear_keep : nat -> 'cV[R]_d -> 'cV[R]_d := fun k x => s k *: x.
Definition kick_once : nat -> 'cV[R]_d -> 'cV[R]_d := fun k x => if k is 0%N then c else 0.

Local Notation theta := (train linear_keep kick_once eta 0).
Local Notation phi := (retrain linear_keep eta 0).
Local Notation u := (addback linear_keep kick_once eta 0).
Local Notation P t := (\prod_(1 <= i < t.+1) (1 - eta i * s i)).

Theorem linear_run t ref :
  [/\ theta t.+1 = - ((eta 0%N * P t) *: c), phi t.+1 = 0 &
      u ref t.+1 = (eta 0%N * (1 - P t)) *: c].
Proof.
have ph k : phi k = 0 by elim: k => //= k ->; rewrite /linear_keep !scaler0 subr0.
have th k : theta k.+1 = - ((eta 0%N * P k) *: c).
  elim: k => [|k IH].
    by rewrite /= /linear_keep scaler0 !add0r big_geq // mulr1.
  rewrite train_step IH /gd_step /linear_keep /kick_once scaler0 subr0 [\prod_(1 <= i < k.+2) _]big_nat_recr //=.
  by move: (\prod_(_ <= _ < _) _) => p; vring.
split=> //; rewrite /addback th big_ord_recl /kick_once /= [\sum_(i < t) _]big1 => [|i _]; last by rewrite scaler0.
by move: (\prod_(_ <= _ < _) _) => p; vring.
Qed.

Hypothesis eta0_ge0 : 0 <= eta 0%N.

Lemma linear_addback_error t ref :
  norm (u ref t.+1 - phi t.+1) = eta 0%N * norm c * `|P t - 1|.
Proof.
have [_ -> ->] := linear_run t ref.
by rewrite subr0 normZ normrM ger0_norm // distrC mulrAC.
Qed.

Theorem noop_attained t :
  (forall i, (0 < i <= t)%N -> eta i * s i <= 1) ->
  norm (theta t.+1 - phi t.+1) = eta 0%N * norm (kick_once 0 0) * P t.
Proof.
move=> q1; have [-> -> _] := linear_run t theta.
have P0 : 0 <= P t by apply: prod_ge0 => i it; rewrite subr_ge0 q1.
by rewrite subr0 normN normZ ger0_norm ?mulr_ge0 // mulrAC.
Qed.

Theorem strongly_convex_attained t ref :
  (forall i, (0 < i <= t)%N -> 0 <= eta i * s i <= 1) ->
  norm (u ref t.+1 - phi t.+1) = eta 0%N * norm (kick_once 0 0) * (1 - P t).
Proof.
move=> q01; rewrite linear_addback_error distrC ger0_norm // subr_ge0.
apply: prod_le1 => i it.
have /andP[x0 x1] := q01 i it.
by rewrite subr_ge0 x1 ler_subl_addr ler_addl.
Qed.
End Attained.

Theorem general_attained (R : rcfType) d (eta L : nat -> R) (c : 'cV[R]_d) t ref :
  let keep := linear_keep (fun i => - L i) in
  (forall k, 0 <= eta k) -> (forall k, 0 <= L k) ->
  (forall k S, lipschitz_on S (L k) (keep k)) /\
  norm (addback keep (kick_once c) eta 0 ref t.+1 - retrain keep eta 0 t.+1)
  = eta 0%N * norm (kick_once c 0 0) * (\prod_(1 <= i < t.+1) (1 + eta i * L i) - 1).
Proof.
move=> keep eta0 L0; split.
  by move=> k S x y _ _; rewrite /keep /linear_keep -scalerBr normZ normrN ger0_norm.
rewrite linear_addback_error //; congr (_ * _).
have -> : \prod_(1 <= i < t.+1) (1 - eta i * - L i) = \prod_(1 <= i < t.+1) (1 + eta i * L i).
  by apply: eq_bigr => i _; rewrite mulrN opprK.
rewrite ger0_norm // subr_ge0; elim: t => [|t IH]; first by rewrite big_geq.
rewrite big_nat_recr //= -[1]mulr1 ler_pmul ?ler01 // ?mulr1 //.
by rewrite ler_addl mulr_ge0.
Qed.
