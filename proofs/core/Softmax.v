(** * Softmax: the constants of softmax cross-entropy, as facts about a finite
    probability vector p and a direction v of the scores.  Axiom-free.

    The second derivative of log-sum-exp in direction v is the variance of v under
    p, the third is its centred third moment; the derivatives themselves are not
    formalised here.

    Definitions
      mean p v, variance p v, third p v    moments of v_i drawn with probability p_i

    Theorems
      variance_le_half      variance <= 1/2 sum_i v_i^2          (L = 1/2)
      variance_quadratic    variance = v^T (diag p - p p^T) v
      third_moment_range    108 third^2 <= r^6 for v in an interval of length r,
                            i.e. |third| <= r^3 / (6 sqrt 3)
      third_moment_le       27 third^2 <= 2 (sum_i v_i^2)^3,
                            i.e. |third| <= sqrt 2 / (3 sqrt 3) |v|^3 *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Softmax.
Variables (R : rcfType) (n : nat) (p : 'I_n -> R).
Hypotheses (p0 : forall i, 0 <= p i) (p1 : \sum_i p i = 1).
Implicit Types (v x : 'I_n -> R) (r a c e : R).

Definition mean v : R := \sum_i p i * v i.
Definition variance v : R := \sum_i p i * (v i - mean v) ^+ 2.
Definition third v : R := \sum_i p i * (v i - mean v) ^+ 3.

Lemma mean_const a : mean (fun=> a) = a.
Proof. by rewrite /mean -mulr_suml p1 mul1r. Qed.

Lemma meanD v x : mean (fun i => v i + x i) = mean v + mean x.
Proof. by rewrite /mean -big_split; apply: eq_bigr => i _; rewrite mulrDr. Qed.

Lemma meanZ a v : mean (fun i => a * v i) = a * mean v.
Proof. by rewrite /mean mulr_sumr; apply: eq_bigr => i _; rewrite mulrCA. Qed.

Lemma mean_ge0 v : (forall i, 0 <= v i) -> 0 <= mean v.
Proof. by move=> h; apply: sumr_ge0 => i _; rewrite mulr_ge0. Qed.

Lemma eq_mean v x : (forall i, v i = x i) -> mean v = mean x.
Proof. by move=> h; apply: eq_bigr => i _; rewrite h. Qed.

Theorem variance_quadratic v : variance v = (\sum_i p i * v i ^+ 2) - mean v ^+ 2.
Proof.
rewrite /variance -/(mean (fun i => (v i - mean v) ^+ 2)) -/(mean (fun i => v i ^+ 2)).
have -> : mean (fun i => (v i - mean v) ^+ 2)
  = mean (fun i => v i ^+ 2 + ((- (2%:R * mean v)) * v i + mean v ^+ 2)).
  by apply: eq_mean => i; ring.
by rewrite !meanD meanZ mean_const; ring.
Qed.

Lemma quarter a : a * (1 - a) <= 4%:R^-1.
Proof.
rewrite -subr_ge0; have -> : 4%:R^-1 - a * (1 - a) = (a - 2%:R^-1) ^+ 2 by field.
exact: sqr_ge0.
Qed.

(** Smoothness of softmax cross-entropy in the scores. *)
Theorem variance_le_half v : variance v <= 2%:R^-1 * (\sum_i v i ^+ 2).
Proof.
have pair : 0 <= \sum_i \sum_(j | j != i) p i * p j * (v i + v j) ^+ 2.
  apply: sumr_ge0 => i _; apply: sumr_ge0 => j _; apply: mulr_ge0; [apply: mulr_ge0|]; by rewrite ?sqr_ge0.
have all_pairs : \sum_i \sum_j p i * p j * (v i + v j) ^+ 2
  = 2%:R * (\sum_i p i * v i ^+ 2) + 2%:R * mean v ^+ 2.
  pose q := mean (fun j => v j ^+ 2).
  have row i : \sum_j p i * p j * (v i + v j) ^+ 2
      = p i * (v i ^+ 2 + ((2%:R * mean v) * v i + q)).
    transitivity (p i * mean (fun j => (v i + v j) ^+ 2)).
      by rewrite /mean mulr_sumr; apply: eq_bigr => j _; rewrite mulrA.
    congr (_ * _); transitivity (mean (fun j => v i ^+ 2 + ((2%:R * v i) * v j + v j ^+ 2))).
      by apply: eq_mean => j; ring.
    by rewrite !meanD meanZ mean_const -/q; ring.
  under eq_bigr do rewrite row.
  by rewrite -/(mean _) !meanD meanZ mean_const -/q /q /mean; ring.
have diag : \sum_i \sum_j p i * p j * (v i + v j) ^+ 2
  = (\sum_i p i ^+ 2 * (4%:R * v i ^+ 2)) + \sum_i \sum_(j | j != i) p i * p j * (v i + v j) ^+ 2.
  rewrite -big_split; apply: eq_bigr => i _; rewrite (bigD1 i) //=; congr (_ + _).
  by ring.
have key : variance v <= 2%:R * (\sum_i p i * (1 - p i) * v i ^+ 2).
  rewrite -subr_ge0; move: pair.
  have -> : \sum_i \sum_(j | j != i) p i * p j * (v i + v j) ^+ 2
    = 2%:R * (\sum_i p i * v i ^+ 2) + 2%:R * mean v ^+ 2
      - \sum_i p i ^+ 2 * (4%:R * v i ^+ 2).
    by rewrite -all_pairs diag addrAC subrr add0r.
  have e1 : \sum_i p i ^+ 2 * (4%:R * v i ^+ 2) = 4%:R * (\sum_i p i ^+ 2 * v i ^+ 2).
    by rewrite mulr_sumr; apply: eq_bigr => i _; ring.
  have e2 : \sum_i p i * (1 - p i) * v i ^+ 2
          = (\sum_i p i * v i ^+ 2) - (\sum_i p i ^+ 2 * v i ^+ 2).
    by rewrite -sumrB; apply: eq_bigr => i _; ring.
  rewrite e1 e2 variance_quadratic; move: (\sum_i _) (\sum_i _) (mean v) => A B m h.
  have := mulr_ge0 (_ : 0 <= 2%:R^-1 :> R) h; rewrite invr_ge0 ler0n => /(_ isT).
  by congr (_ <= _); field.
apply: le_trans key _; rewrite !mulr_sumr; apply: ler_sum => i _.
have -> : 2%:R^-1 * v i ^+ 2 = 2%:R * (4%:R^-1 * v i ^+ 2) by field.
by rewrite ler_wpmul2l ?ler0n // ler_wpmul2r ?sqr_ge0 ?quarter.
Qed.

(** ** The third moment.  Y = v - mean v lies in [- c, a]. *)
Section Range.
Variables (v : 'I_n -> R) (lo hi : R).
Hypothesis range : forall i, lo <= v i <= hi.
Let a := hi - mean v.
Let c := mean v - lo.
Let Y i := v i - mean v.

Let meanY : mean Y = 0.
Proof. by rewrite meanD mean_const subrr. Qed.

Let varianceY : mean (fun i => Y i ^+ 2) = variance v.
Proof. by []. Qed.

Let thirdY : mean (fun i => Y i ^+ 3) = third v.
Proof. by []. Qed.

Let a0 : 0 <= a.
Proof.
rewrite /a -(mean_const hi) subr_ge0; apply: ler_sum => i _.
by rewrite ler_wpmul2l //; case/andP: (range i).
Qed.

Let c0 : 0 <= c.
Proof.
rewrite /c -{1}(mean_const lo) subr_ge0; apply: ler_sum => i _.
by rewrite ler_wpmul2l //; case/andP: (range i).
Qed.

Let Ya i : 0 <= a - Y i.
Proof. by rewrite /a /Y opprB addrA subrK subr_ge0; case/andP: (range i). Qed.

Let Yc i : 0 <= Y i + c.
Proof. by rewrite /c /Y addrA subrK subr_ge0; case/andP: (range i). Qed.

Let variance_ac : variance v <= a * c.
Proof.
rewrite -subr_ge0.
have -> : a * c - variance v = mean (fun i => (a - Y i) * (Y i + c)); last first.
  by apply: mean_ge0 => i; rewrite mulr_ge0.
have -> : mean (fun i => (a - Y i) * (Y i + c))
        = mean (fun i => a * c + ((a - c) * Y i + (-1) * Y i ^+ 2)).
  by apply: eq_mean => i; ring.
rewrite !meanD !meanZ mean_const meanY varianceY.
by move: a c (variance v) => a' c' s; ring.
Qed.

(** E[(a - Y)(Y - e)^2] >= 0 for every e. *)
Let third_le_any e : third v <= (a + 2%:R * e) * variance v + a * e ^+ 2.
Proof.
rewrite -subr_ge0.
have -> : (a + 2%:R * e) * variance v + a * e ^+ 2 - third v
        = mean (fun i => (a - Y i) * (Y i - e) ^+ 2); last first.
  by apply: mean_ge0 => i; rewrite mulr_ge0 ?sqr_ge0.
have -> : mean (fun i => (a - Y i) * (Y i - e) ^+ 2)
  = mean (fun i => a * e ^+ 2 + ((- (2%:R * a * e + e ^+ 2)) * Y i
      + ((a + 2%:R * e) * Y i ^+ 2 + (-1) * Y i ^+ 3))).
  by apply: eq_mean => i; ring.
rewrite !meanD !meanZ mean_const meanY.
rewrite varianceY thirdY.
by move: a (variance v) (third v) => a' s t; ring.
Qed.

Let r := hi - lo.
Let rE : r = a + c.
Proof. by rewrite /r /a /c addrA subrK. Qed.

(** One-sided: whatever is positive in the third moment is at most r^3/(6 sqrt 3). *)
Lemma third_upper : 0 <= third v -> 108%:R * third v ^+ 2 <= r ^+ 6.
Proof.
move=> t0; have [le_a|lt_a] := lerP a (2%:R * c).
  (* e = - a / 2 *)
  have h : third v <= a ^+ 3 / 4%:R.
    apply: le_trans (third_le_any (- (a / 2%:R))) _.
    rewrite le_eqVlt; apply/orP; left; apply/eqP; by field.
  have h2 : third v ^+ 2 <= (a ^+ 3 / 4%:R) ^+ 2.
    by rewrite ler_sqr ?nnegrE // (le_trans t0 h).
  have h3 : 3%:R / 2%:R * a <= r.
    rewrite rE; have -> : 3%:R / 2%:R * a = a + a / 2%:R by field.
    by rewrite ler_add2l ler_pdivr_mulr ?ltr0n // mulrC.
  have h4 : (3%:R / 2%:R * a) ^+ 6 <= r ^+ 6.
    apply: ler_expn2r h3; rewrite nnegrE; last by rewrite rE addr_ge0.
    by rewrite mulr_ge0 ?divr_ge0 ?ler0n.
  apply: le_trans h4; apply: le_trans (ler_wpmul2l (ler0n _ 108) h2) _.
  have -> : 108%:R * (a ^+ 3 / 4%:R) ^+ 2 = 27%:R / 4%:R * a ^+ 6 by field.
  have -> : (3%:R / 2%:R * a) ^+ 6 = 729%:R / 64%:R * a ^+ 6 by field.
  rewrite ler_wpmul2r ?exprn_ge0 // ler_pdivr_mulr ?ltr0n // mulrAC ler_pdivl_mulr ?ltr0n //.
  by rewrite -!natrM ler_nat.
(* e = - c *)
have h : third v <= a * c * (a - c).
  apply: le_trans (third_le_any (- c)) _.
  have s0 : 0 <= a + 2%:R * - c by rewrite mulrN subr_ge0 ltW.
  apply: le_trans (_ : _ <= (a + 2%:R * - c) * (a * c) + a * (- c) ^+ 2) _.
    by rewrite ler_add2r ler_wpmul2l.
  by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
have h2 : third v ^+ 2 <= (a * c * (a - c)) ^+ 2.
  by rewrite ler_sqr ?nnegrE // (le_trans t0 h).
apply: le_trans (ler_wpmul2l (ler0n _ 108) h2) _; rewrite rE -subr_ge0.
have -> : (a + c) ^+ 6 - 108%:R * (a * c * (a - c)) ^+ 2
  = ((a + c) ^+ 2 - 6%:R * (a * c)) ^+ 2 * ((a + c) ^+ 2 + 12%:R * (a * c)) by ring.
by rewrite mulr_ge0 ?sqr_ge0 // addr_ge0 ?sqr_ge0 // !mulr_ge0 ?ler0n.
Qed.
End Range.

Lemma mean_opp v : mean (fun i => - v i) = - mean v.
Proof. by rewrite -[RHS]mulN1r -meanZ; apply: eq_mean => i; rewrite mulN1r. Qed.

Lemma third_opp v : third (fun i => - v i) = - third v.
Proof.
rewrite /third mean_opp -[RHS]sumrN; apply: eq_bigr => i _.
by move: (mean v) (v i) (p i) => m a q; ring.
Qed.

Theorem third_moment_range v lo hi : (forall i, lo <= v i <= hi) ->
  108%:R * third v ^+ 2 <= (hi - lo) ^+ 6.
Proof.
move=> range; have [t0|t0] := lerP 0 (third v); first exact: third_upper.
have range' i : - hi <= - v i <= - lo by rewrite !ler_opp2 andbC.
have := third_upper range'; rewrite third_opp oppr_ge0 ltW // => /(_ isT).
by rewrite sqrrN opprK addrC.
Qed.

(** The spread of the scores in direction v is at most sqrt 2 |v|. *)
Lemma spread_sq v i j : (v i - v j) ^+ 2 <= 2%:R * (\sum_k v k ^+ 2).
Proof.
have [->|ij] := eqVneq i j.
  by rewrite subrr expr0n mulr_ge0 ?ler0n // sumr_ge0 // => k _; rewrite sqr_ge0.
rewrite (bigD1 i) //= (bigD1 j) /=; last by rewrite eq_sym.
set s := \sum_(k | _) _.
have s0 : 0 <= s by apply: sumr_ge0 => k _; rewrite sqr_ge0.
rewrite -subr_ge0.
have -> : 2%:R * (v i ^+ 2 + (v j ^+ 2 + s)) - (v i - v j) ^+ 2 = (v i + v j) ^+ 2 + 2%:R * s by ring.
by rewrite addr_ge0 ?sqr_ge0 ?mulr_ge0 ?ler0n.
Qed.

Theorem third_moment_le v : 27%:R * third v ^+ 2 <= 2%:R * (\sum_i v i ^+ 2) ^+ 3.
Proof.
have n0 : (0 < n)%N.
  rewrite lt0n; apply/eqP => n0; move: (oner_neq0 R); rewrite -p1 big1 ?eqxx // => i.
  by have := ltn_ord i; rewrite {2}n0.
pose i0 := Ordinal n0.
have [ilo _ hlo] := @arg_minP _ _ _ i0 predT v isT.
have [ihi _ hhi] := @arg_maxP _ _ _ i0 predT v isT.
have range i : v ilo <= v i <= v ihi by apply/andP; split; [exact: hlo | exact: hhi].
have h := third_moment_range range; set S := \sum_i _.
have h1 : (v ihi - v ilo) ^+ 6 <= (2%:R * S) ^+ 3.
  have -> : (v ihi - v ilo) ^+ 6 = ((v ihi - v ilo) ^+ 2) ^+ 3 by rewrite -exprM.
  by apply: ler_expn2r; rewrite ?nnegrE ?sqr_ge0 ?spread_sq // (le_trans (sqr_ge0 _) (spread_sq v ihi ilo)).
have := le_trans h h1.
have -> : (108 = 4 * 27)%N by [].
have -> : (2%:R * S) ^+ 3 = 4%:R * (2%:R * S ^+ 3) by ring.
by rewrite natrM -mulrA ler_pmul2l ?ltr0n.
Qed.
End Softmax.
