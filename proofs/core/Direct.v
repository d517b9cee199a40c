(** * Direct: subtracting recorded updates from a trained model.

    The cheapest way to forget is to subtract what the forgotten rows (or whole
    batches) added to the parameters, as if later steps did not depend on it.
    Whole batches: let [keep k] be 0 for the batches to forget and [drop k] be 0
    for the others.

    Definitions
    - [kick k]: what step k subtracted because of the forgotten rows,
      eta_k drop_k(theta_k).
    - [transport k t x]: x carried through the retained steps k+1, ..., t-1.

    Theorems
    - [recollect_transport]: recollection is the sum of the transported kicks.
    - [plain_error]: for quadratic losses subtraction is off by
      sum_k (kick_k - transport k t kick_k).
    - [plain_exact]: so it is exact if and only if that sum is 0;
      [plain_suffix]: kicks that no retained curvature follows are undone exactly.
    - [plain_error_bound]: |error| <= sum_k (sum_{k<i<t} eta_i L_i) |kick_k|, if the
      retained steps do not expand and |eta_i H_i x| <= eta_i L_i |x|.
    - [plain_can_hurt]: one parameter, four steps: subtraction ends further from
      the retrained model than the model it started from.
    Axiom-free, over any real closed field. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Mask Step Trajectory Recollection.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Direct.
Variables (R : rcfType) (d : nat).
Variables (keep drop : nat -> 'cV[R]_d -> 'cV[R]_d).
Variables (eta : nat -> R) (theta0 : 'cV[R]_d) (H : nat -> 'M[R]_d).

Local Notation theta := (train keep drop eta theta0).
Local Notation phi := (retrain keep eta theta0).
Local Notation hvp := (fun k x => H k *m x).
Local Notation v := (recollect keep drop eta theta0 hvp).

Definition kick k : 'cV[R]_d := eta k *: drop k (theta k).

Fixpoint transport k t (x : 'cV[R]_d) : 'cV[R]_d :=
  if t is i.+1 then
    if (k < i)%N then gd_step (eta i) (hvp i) (transport k i x) else x
  else x.

Lemma transport_small k t x : (t <= k.+1)%N -> transport k t x = x.
Proof. by case: t => //= i; rewrite ltnS => ik; rewrite ltnNge ik. Qed.

Theorem recollect_transport t : v t = \sum_(k < t) transport k t (kick k).
Proof.
elim: t => [|t IH]; first by rewrite big_ord0.
rewrite big_ord_recr /= ltnn -/(kick t); congr (_ + _).
rewrite IH; under [RHS]eq_bigr => k _ do rewrite ltn_ord.
by rewrite /gd_step sumrB mulmx_sumr scaler_sumr.
Qed.

(** ** Quadratic losses *)
Variable b : nat -> 'cV[R]_d.
Variable t : nat.
Hypothesis affine : forall k x, (k < t)%N -> keep k x = H k *m x + b k.

Theorem plain_error :
  theta t + \sum_(k < t) kick k - phi t
  = \sum_(k < t) (kick k - transport k t (kick k)).
Proof.
rewrite sumrB -recollect_transport -(exact_quadratic drop eta theta0 affine).
by move: (v t) (\sum_(_ < t) _) (theta t) => x y z; vring.
Qed.

Corollary plain_exact :
  theta t + \sum_(k < t) kick k = phi t
  <-> \sum_(k < t) (kick k - transport k t (kick k)) = 0.
Proof.
rewrite -plain_error; split=> [->|/eqP]; first by rewrite subrr.
by rewrite subr_eq0 => /eqP.
Qed.

Corollary plain_suffix :
  (forall k i, (k < i < t)%N -> kick k = 0 \/ H i = 0) ->
  theta t + \sum_(k < t) kick k = phi t.
Proof.
move=> late; apply/plain_exact; apply: big1 => k _; apply/eqP; rewrite subr_eq0 eq_sym; apply/eqP.
suff T i : (i <= t)%N -> transport k i (kick k) = kick k by exact: T.
elim: i => [|i IH] it //=; case: ifP => // ki.
rewrite IH ?(ltnW it) // /gd_step.
have [||->] := late k i; first by rewrite ki.
  by move=> ->; rewrite mulmx0 scaler0 subr0.
by rewrite mul0mx scaler0 subr0.
Qed.

Variable L : nat -> R.
Hypothesis eta_ge0 : forall k, (k < t)%N -> 0 <= eta k.
Hypothesis shift : forall k x, (k < t)%N -> norm (H k *m x) <= L k * norm x.
Hypothesis nonexpansive : forall k x, (k < t)%N -> norm (gd_step (eta k) (hvp k) x) <= norm x.

Lemma transport_le k i x : (i <= t)%N -> norm (transport k i x) <= norm x.
Proof.
elim: i => [|i IH] it //=; case: ifP => // _.
by apply: le_trans (nonexpansive _ it) _; apply/IH/ltnW.
Qed.

Lemma transport_drift k i x : (i <= t)%N ->
  norm (x - transport k i x) <= (\sum_(k.+1 <= j < i) eta j * L j) * norm x.
Proof.
elim: i => [|i IH] it /=; first by rewrite subrr norm0 big_geq // mul0r.
case: (ltnP k i) => ki; last by rewrite subrr norm0 big_geq // mul0r.
rewrite big_nat_recr //= mulrDl /gd_step.
have -> : x - (transport k i x - eta i *: (H i *m transport k i x))
        = (x - transport k i x) + eta i *: (H i *m transport k i x).
  by move: (H i *m _) => p; vring.
apply: le_trans (norm_triangle _ _) _; apply: ler_add; first exact/IH/ltnW.
rewrite normZ ger0_norm ?eta_ge0 // -mulrA ler_wpmul2l ?eta_ge0 //.
case: (leP 0 (L i)) => L0.
  apply: le_trans (shift _ it) _; rewrite ler_wpmul2l //.
  exact/transport_le/ltnW.
have zero (y : 'cV[R]_d) : norm y = 0.
  apply/eqP; rewrite eq_le norm_ge0 andbT.
  have := le_trans (norm_ge0 _) (shift y it).
  by rewrite nmulr_rge0.
by rewrite !zero mulr0.
Qed.

Theorem plain_error_bound :
  norm (theta t + \sum_(k < t) kick k - phi t)
  <= \sum_(k < t) (\sum_(k.+1 <= j < t) eta j * L j) * norm (kick k).
Proof.
rewrite plain_error; apply: le_trans (norm_sum _ _ _) _.
by apply: ler_sum => k _; exact: transport_drift.
Qed.
End Direct.

(** ** Subtraction can be worse than doing nothing
    One parameter, retained loss x^2/2, a forgotten row that pushes by 1 in every
    step, step size 1/2: after four steps the model is at -15/16, the retrained
    one at 0, and subtraction gives 17/16. *)
Section Hurt.
Variable R : rcfType.

Definition hurt_keep (_ : nat) (x : 'cV[R]_1) : 'cV[R]_1 := x.
Definition hurt_drop (_ : nat) (_ : 'cV[R]_1) : 'cV[R]_1 := const_mx 1.
Definition hurt_eta (_ : nat) : R := 2%:R^-1.

Theorem plain_can_hurt :
  let theta := train hurt_keep hurt_drop hurt_eta 0 in
  let phi := retrain hurt_keep hurt_eta 0 in
  let plain := theta 4%N + \sum_(k < 4) kick hurt_keep hurt_drop hurt_eta 0 k in
  norm (theta 4%N - phi 4%N) < norm (plain - phi 4%N).
Proof.
have size (a : R) : norm (const_mx a : 'cV[R]_1) = `|a|.
  by rewrite /norm /dot big_ord1 !mxE -expr2 sqrtr_sqr.
have stepE (a : R) : (const_mx a : 'cV[R]_1) - hurt_eta 0 *: (const_mx a + const_mx 1)
    = const_mx ((a - 1) / 2%:R).
  by apply/matrixP=> i j; rewrite !mxE /hurt_eta; field.
have phi0 k : retrain hurt_keep hurt_eta (0 : 'cV[R]_1) k = 0.
  by elim: k => //= k ->; rewrite /hurt_keep scaler0 subr0.
have th k : train hurt_keep hurt_drop hurt_eta (0 : 'cV[R]_1) k.+1
    = train hurt_keep hurt_drop hurt_eta 0 k
      - hurt_eta 0 *: (train hurt_keep hurt_drop hurt_eta 0 k + const_mx 1) by [].
have t0 : train hurt_keep hurt_drop hurt_eta (0 : 'cV[R]_1) 0 = const_mx 0.
  by apply/matrixP=> i j; rewrite !mxE.
have four : train hurt_keep hurt_drop hurt_eta (0 : 'cV[R]_1) 4 = const_mx (- (15%:R / 16%:R)).
  by rewrite !th t0 !stepE; congr const_mx; field.
have kicks : \sum_(k < 4) kick hurt_keep hurt_drop hurt_eta (0 : 'cV[R]_1) k = const_mx 2%:R.
  under eq_bigr => k _ do rewrite /kick /hurt_drop /hurt_eta.
  rewrite sumr_const card_ord; apply/matrixP=> i j; rewrite mulmxnE !mxE -mulr_natr.
  by field.
cbv zeta; rewrite kicks four (phi0 4%N) !subr0.
have -> : const_mx (- (15%:R / 16%:R)) + const_mx 2%:R = const_mx (17%:R / 16%:R) :> 'cV[R]_1.
  by apply/matrixP=> i j; rewrite !mxE; field.
rewrite !size normrN !ger0_norm ?divr_ge0 ?ler0n //.
by rewrite ltr_pmul2r ?invr_gt0 ?ltr0n // ltr_nat.
Qed.
End Hurt.
