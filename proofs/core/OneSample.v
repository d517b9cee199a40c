(** * OneSample: the special case of a constant step size, in closed form.

    Learning path   theta_{k+1} = theta_k - eta m*(gR_k + gF_k)(theta_k)
    Retrained path  phi_{k+1}   = phi_k   - eta m*gR_k(phi_k)
    Unlearned       u_t         = theta_t + eta sum_{k<t} m*gF_k(ref)

    [gR_k] / [gF_k] are the contributions of the retained / forgotten samples to
    minibatch k.  [retain k] / [forget k] say whether the minibatch has such
    samples at all; one-sample SGD is the case [retain k = ~~ forget k].
    The general theorems, with a step size and constants per step, are in
    [Sgd]; this file keeps the forms that only count steps.
    Axiom-free, over any real closed field. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex.
From Unlearn Require Export Mask.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section MaskedConstants.
Variables (R : rcfType) (d : nat) (m : pred 'I_d).
Implicit Types (u v : 'cV[R]_d).

(** Lipschitz / co-coercive gradients *on the masked subspace*. *)
Definition masked_lipschitz L (g : 'cV[R]_d -> 'cV[R]_d) :=
  forall x y, masked m (x - y) -> norm (mask m (g x) - mask m (g y)) <= L * norm (x - y).

Definition masked_nonexpansive eta (g : 'cV[R]_d -> 'cV[R]_d) :=
  forall x y, masked m (x - y) ->
  norm ((x - eta *: mask m (g x)) - (y - eta *: mask m (g y))) <= norm (x - y).

Lemma lipschitz_masked L g : lipschitz L g -> masked_lipschitz L g.
Proof.
by move=> lip x y _; rewrite -maskB; apply: le_trans (norm_mask _ _) (lip x y).
Qed.

Lemma cocoercive_masked_nonexpansive L eta g : 0 < L -> 0 <= eta -> eta * L <= 2%:R ->
  cocoercive L g -> masked_nonexpansive eta g.
Proof.
move=> L0 eta0 etaL cc x y /eqP mxy.
have -> : (x - eta *: mask m (g x)) - (y - eta *: mask m (g y))
        = (x - y) - eta *: mask m (g x - g y).
  by rewrite maskB; move: (mask m (g x)) (mask m (g y)) => a b; vring.
apply: (nonexpansive_step L0 eta0 etaL); rewrite dot_mask mxy.
apply: le_trans (cc x y); rewrite !norm_sq -!norm_sq.
by rewrite ler_sqr ?nnegrE ?norm_ge0 ?norm_mask.
Qed.

(** Convex + L-smooth losses and eta L <= 2 give non-expansive masked steps. *)
Lemma convex_masked_nonexpansive L eta f g : 0 < L -> 0 <= eta -> eta * L <= 2%:R ->
  strongly_convex 0 f g -> smooth L f g -> masked_nonexpansive eta g.
Proof.
move=> L0 eta0 etaL cv sf.
exact: (cocoercive_masked_nonexpansive L0 eta0 etaL (BaillonHaddad L0 cv sf)).
Qed.
End MaskedConstants.

(** Number of steps k < t satisfying P. *)
Definition steps (P : pred nat) t := count P (iota 0 t).

Lemma stepsS P t : steps P t.+1 = (steps P t + P t)%N.
Proof. by rewrite /steps -addn1 iotaD count_cat /= addn0. Qed.

Lemma sum_recr (V : zmodType) (P : pred nat) (F : nat -> V) t :
  \sum_(j < t.+1 | P j) F j = \sum_(j < t | P j) F j + (if P t then F t else 0).
Proof. by rewrite big_mkcond big_ord_recr /= -big_mkcond. Qed.

Section Paths.
Variables (R : rcfType) (d : nat).
Variables (eta : R) (m : pred 'I_d).
Variables (gR gF : nat -> 'cV[R]_d -> 'cV[R]_d) (theta0 : 'cV[R]_d).

Fixpoint learn k : 'cV[R]_d :=
  if k is k'.+1
  then learn k' - eta *: mask m (gR k' (learn k') + gF k' (learn k'))
  else theta0.

Fixpoint retrain k : 'cV[R]_d :=
  if k is k'.+1 then retrain k' - eta *: mask m (gR k' (retrain k')) else theta0.

Definition unlearn ref t := learn t + eta *: \sum_(k < t) mask m (gF k ref).

Lemma learn_masked k : masked m (learn k - theta0).
Proof.
elim: k => [|k IH] /=; first by rewrite subrr masked0.
by rewrite addrAC maskedB // maskedZ ?masked_mask.
Qed.

Lemma retrain_masked k : masked m (retrain k - theta0).
Proof.
elim: k => [|k IH] /=; first by rewrite subrr masked0.
by rewrite addrAC maskedB // maskedZ ?masked_mask.
Qed.

Lemma paths_masked j k : masked m (learn j - retrain k).
Proof.
have -> : learn j - retrain k = (learn j - theta0) - (retrain k - theta0) by vring.
by rewrite maskedB ?learn_masked ?retrain_masked.
Qed.

Variables (retain forget : pred nat) (L : R) (t : nat) (ref : 'cV[R]_d).
Hypothesis eta_ge0 : 0 <= eta.
Hypothesis L_ge0 : 0 <= L.
Hypothesis no_retain : forall k x, ~~ retain k -> gR k x = 0.
Hypothesis no_forget : forall k x, ~~ forget k -> gF k x = 0.
Hypothesis ref_masked : masked m (ref - theta0).   (* e.g. ref = theta_0 or theta_t *)
Hypothesis lipR : forall k, (k < t)%N -> masked_lipschitz m L (gR k).
Hypothesis lipF : forall k, (k < t)%N -> masked_lipschitz m L (gF k).

Let err k := unlearn ref k - retrain k.
Let S k := eta * \sum_(j < k) norm (mask m (gF j ref)).
Let D k := \sum_(j < k | forget j) norm (learn j - ref).

Lemma errS k : err k.+1 = err k
   - eta *: (mask m (gR k (learn k)) - mask m (gR k (retrain k)))
   - eta *: (mask m (gF k (learn k)) - mask m (gF k ref)).
Proof.
rewrite /err /unlearn /= big_ord_recr /= maskD.
move: (mask _ (gR _ (learn _))) (mask _ (gF _ (learn _))) (mask _ (gR _ (retrain _))).
by move: (\sum_(_ < _) _) (mask _ (gF _ ref)) (learn k) (retrain k) => a b c e x y z; vring.
Qed.

Lemma err_step k : (k < t)%N ->
  norm (err k.+1) <= norm (err k)
    + (if retain k then eta * L * norm (learn k - retrain k) else 0)
    + (if forget k then eta * L * norm (learn k - ref) else 0).
Proof.
move=> kt; rewrite errS.
apply: le_trans (norm_triangleB _ _) _; apply: ler_add.
  apply: le_trans (norm_triangleB _ _) _; rewrite ler_add2l normZ ger0_norm //.
  case: ifP => [_|/negbT h]; last by rewrite !no_retain // mask0 subrr norm0 mulr0.
  by rewrite -mulrA ler_wpmul2l // lipR // paths_masked.
rewrite normZ ger0_norm //.
case: ifP => [_|/negbT h]; last by rewrite !no_forget // mask0 subrr norm0 mulr0.
rewrite -mulrA ler_wpmul2l // lipF //.
have -> : learn k - ref = (learn k - theta0) - (ref - theta0) by vring.
by rewrite maskedB ?learn_masked.
Qed.

Lemma gap_le k : norm (learn k - retrain k) <= norm (err k) + S k.
Proof.
have -> : learn k - retrain k = err k - eta *: \sum_(j < k) mask m (gF j ref).
  rewrite /err /unlearn; move: (learn k) (retrain k) (\sum_(_ < _) _) => a b c; vring.
apply: le_trans (norm_triangleB _ _) _; rewrite ler_add2l normZ ger0_norm //.
by rewrite ler_wpmul2l // norm_sum.
Qed.

Lemma D_ge0 k : 0 <= D k.
Proof. by apply: sumr_ge0 => j _; apply: norm_ge0. Qed.

Lemma S_ge0 k : 0 <= S k.
Proof. by rewrite mulr_ge0 // sumr_ge0 // => j _; apply: norm_ge0. Qed.

(** ** T3, general (non-convex) case. *)
Theorem unlearn_error_general :
  let r := steps retain t in
  norm (unlearn ref t - retrain t) <=
    ((1 + eta * L) ^+ r - 1) * (eta * (\sum_(k < t) norm (mask m (gF k ref))))
  + (1 + eta * L) ^+ r * (eta * L * (\sum_(k < t | forget k) norm (learn k - ref))).
Proof.
set a := eta * L; have a0 : 0 <= a by rewrite mulr_ge0.
have q1 n : 1 <= (1 + a) ^+ n by rewrite exprn_ege1 // ler_addl.
suff H k : (k <= t)%N -> norm (err k) <=
    ((1 + a) ^+ steps retain k - 1) * S k + (1 + a) ^+ steps retain k * (a * D k).
  exact: H.
elim: k => [|k IH] kt.
  by rewrite /err /unlearn big_ord0 scaler0 addr0 subrr norm0 /S /D !big_ord0 !mulr0 addr0.
have {}IH := IH (ltnW kt); apply: le_trans (err_step kt) _.
have SS : S k <= S k.+1.
  by rewrite /S big_ord_recr /= mulrDr ler_addl mulr_ge0 ?norm_ge0.
have DS : D k.+1 = D k + (if forget k then norm (learn k - ref) else 0).
  exact: (sum_recr forget (fun j => norm (learn j - ref))).
rewrite stepsS; set r := steps retain k in IH *.
have fk : (if forget k then a * norm (learn k - ref) else 0) <=
          (1 + a) ^+ (r + retain k) * (a * (if forget k then norm (learn k - ref) else 0)).
  by case: ifP => _; rewrite ?mulr0 // ler_pemull ?mulr_ge0 ?norm_ge0.
have S1 : ((1 + a) ^+ (r + retain k) - 1) * S k <= ((1 + a) ^+ (r + retain k) - 1) * S k.+1.
  by rewrite ler_wpmul2l // subr_ge0.
rewrite DS !mulrDr addrA; apply: ler_add fk; apply: le_trans (ler_add S1 (lexx _)).
case: ifP => [_|_]; last by rewrite addn0 addr0.
have gap : norm (err k) + a * norm (learn k - retrain k) <= (1 + a) * norm (err k) + a * S k.
  by rewrite mulrDl mul1r -addrA ler_add2l -mulrDr ler_wpmul2l // gap_le.
apply: le_trans gap _; rewrite addn1 exprS.
have a1 : 0 <= 1 + a by rewrite addr_ge0 ?ler01.
apply: le_trans (ler_add (ler_wpmul2l a1 IH) (lexx _)) _.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.

(** Convex case: the two paths never drift apart by more than the total
    forgotten displacement. *)
Hypothesis nonexpR : forall k, (k < t)%N -> masked_nonexpansive m eta (gR k).

Theorem gap_convex k : (k <= t)%N ->
  norm (learn k - retrain k) <= eta * \sum_(j < k) norm (mask m (gF j (learn j))).
Proof.
elim: k => [|k IH] kt; first by rewrite /= subrr norm0 big_ord0 mulr0.
rewrite big_ord_recr /= mulrDr maskD.
have -> : learn k - eta *: (mask m (gR k (learn k)) + mask m (gF k (learn k)))
          - (retrain k - eta *: mask m (gR k (retrain k)))
        = ((learn k - eta *: mask m (gR k (learn k)))
          - (retrain k - eta *: mask m (gR k (retrain k))))
          - eta *: mask m (gF k (learn k)).
  move: (mask _ _) (mask _ _) (mask _ _) => a b c.
  by move: (learn k) (retrain k) => x y; vring.
apply: le_trans (norm_triangleB _ _) _; rewrite normZ ger0_norm //.
apply: ler_add (lexx _); apply: le_trans (nonexpR kt (paths_masked k k)) _.
exact: IH (ltnW kt).
Qed.

(** ** T3, convex case: no exponential growth. *)
Theorem unlearn_error_convex :
  norm (unlearn ref t - retrain t) <=
    eta * L * (\sum_(k < t | retain k)
                 (eta * (\sum_(j < k) norm (mask m (gF j (learn j))))))
  + eta * L * (\sum_(k < t | forget k) norm (learn k - ref)).
Proof.
pose A k := eta * \sum_(j < k) norm (mask m (gF j (learn j))).
have a0 : 0 <= eta * L by rewrite mulr_ge0.
suff H k : (k <= t)%N -> norm (err k) <=
    eta * L * (\sum_(j < k | retain j) A j) + eta * L * D k by exact: H.
elim: k => [|k IH] kt.
  by rewrite /err /unlearn big_ord0 scaler0 addr0 subrr norm0 /D !big_ord0 !mulr0 addr0.
apply: le_trans (err_step kt) _.
have -> : \sum_(j < k.+1 | retain j) A j
        = \sum_(j < k | retain j) A j + (if retain k then A k else 0).
  exact: (sum_recr retain A).
have -> : D k.+1 = D k + (if forget k then norm (learn k - ref) else 0).
  exact: (sum_recr forget (fun j => norm (learn j - ref))).
rewrite !mulrDr addrACA addrA; apply: ler_add; last by case: ifP; rewrite ?mulr0.
apply: ler_add; first exact: IH (ltnW kt).
case: ifP => _; rewrite ?mulr0 //.
by rewrite ler_wpmul2l // gap_convex // ltnW.
Qed.

(** *** Uniform corollaries, with r = #retain steps and f = #forget steps. *)
Lemma sum_const_steps (P : pred nat) (F : nat -> R) c k :
  0 <= c -> (forall j, (j < k)%N -> P j -> F j <= c) ->
  \sum_(j < k | P j) F j <= (steps P k)%:R * c.
Proof.
move=> c0; elim: k => [|k IH] h; first by rewrite big_ord0 mul0r.
rewrite (sum_recr P F) stepsS natrD mulrDl; apply: ler_add.
  by apply: IH => j jk; apply: h; rewrite ltnW.
by case: ifP => Pk; rewrite ?mul1r ?mul0r // h.
Qed.

Lemma sum_gF_steps (v : nat -> 'cV[R]_d) G k :
  0 <= G -> (forall j, (j < k)%N -> forget j -> norm (mask m (gF j (v j))) <= G) ->
  \sum_(j < k) norm (mask m (gF j (v j))) <= (steps forget k)%:R * G.
Proof.
move=> G0 h.
have -> : \sum_(j < k) norm (mask m (gF j (v j)))
        = \sum_(j < k | forget j) norm (mask m (gF j (v j))).
  rewrite [RHS]big_mkcond; apply: eq_bigr => j _.
  by case: ifP => // /negbT fj; rewrite no_forget ?mask0 ?norm0.
exact: (sum_const_steps (F := fun j => norm (mask m (gF j (v j))))).
Qed.

Lemma steps_le P j k : (j <= k)%N -> (steps P j <= steps P k)%N.
Proof.
by move=> jk; rewrite -(subnK jk) addnC /steps iotaD count_cat leq_addr.
Qed.

Variables (G Dmax : R).
Hypothesis G_ge0 : 0 <= G.
Hypothesis Dmax_ge0 : 0 <= Dmax.
Hypothesis path_ref : forall k, (k < t)%N -> forget k -> norm (learn k - ref) <= Dmax.

Corollary unlearn_error_general_uniform :
  (forall k, (k < t)%N -> forget k -> norm (mask m (gF k ref)) <= G) ->
  let r := steps retain t in let f := (steps forget t)%:R in
  norm (unlearn ref t - retrain t) <=
    ((1 + eta * L) ^+ r - 1) * (eta * (f * G)) + (1 + eta * L) ^+ r * (eta * L * (f * Dmax)).
Proof.
move=> hG; cbv zeta; apply: le_trans unlearn_error_general _; cbv zeta.
set r := steps retain t; set f := (steps forget t)%:R.
have a0 : 0 <= eta * L by rewrite mulr_ge0.
have q1 : 1 <= (1 + eta * L) ^+ r by rewrite exprn_ege1 // ler_addl.
apply: ler_add.
  rewrite ler_wpmul2l ?subr_ge0 // ler_wpmul2l //.
  exact: (sum_gF_steps (v := fun=> ref)).
rewrite ler_wpmul2l ?(le_trans ler01) // ler_wpmul2l //.
exact: (sum_const_steps (F := fun j => norm (learn j - ref))).
Qed.

(** Convex case: linear in r, quadratic in eta. *)
Corollary unlearn_error_convex_uniform :
  (forall k, (k < t)%N -> forget k -> norm (mask m (gF k (learn k))) <= G) ->
  let r := (steps retain t)%:R in let f := (steps forget t)%:R in
  norm (unlearn ref t - retrain t) <= eta * L * (r * (eta * (f * G))) + eta * L * (f * Dmax).
Proof.
move=> hG; cbv zeta; apply: le_trans unlearn_error_convex _.
set r := (steps retain t)%:R; set f := (steps forget t)%:R.
have a0 : 0 <= eta * L by rewrite mulr_ge0.
apply: ler_add; rewrite ler_wpmul2l //; last first.
  exact: (sum_const_steps (F := fun j => norm (learn j - ref))).
apply: (sum_const_steps (F := fun k => eta * (\sum_(j < k) norm (mask m (gF j (learn j)))))).
  by rewrite !mulr_ge0 ?ler0n.
move=> k kt _; rewrite ler_wpmul2l //.
apply: le_trans (_ : (steps forget k)%:R * G <= _).
  by apply: (sum_gF_steps (v := learn)) => // j jk; apply: hG; apply: ltn_trans kt.
by rewrite ler_wpmul2r // ler_nat steps_le // ltnW.
Qed.

End Paths.

(** The reference point theta_0 is admissible, and the path stays within
    eta t G of it when the masked gradients are bounded by G. *)
Section RefTheta0.
Variables (R : rcfType) (d : nat) (eta : R) (m : pred 'I_d).
Variables (gR gF : nat -> 'cV[R]_d -> 'cV[R]_d) (theta0 : 'cV[R]_d).
Variables (retain forget : pred nat) (L G : R) (t : nat).
Hypotheses (eta_ge0 : 0 <= eta) (L_ge0 : 0 <= L) (G_ge0 : 0 <= G).
Hypothesis no_retain : forall k x, ~~ retain k -> gR k x = 0.
Hypothesis no_forget : forall k x, ~~ forget k -> gF k x = 0.
Let theta := learn eta m gR gF theta0.

Lemma path_length k :
  (forall j, (j < k)%N -> norm (mask m (gR j (theta j) + gF j (theta j))) <= G) ->
  norm (theta k - theta0) <= k%:R * (eta * G).
Proof.
elim: k => [|k IH] h; first by rewrite /theta /= subrr norm0 mul0r.
rewrite /theta /= -/(theta k) addrAC [k.+1%:R]mulrSr mulrDl mul1r.
apply: le_trans (norm_triangleB _ _) _; apply: ler_add.
  by apply: IH => j jk; apply: h; rewrite ltnW.
by rewrite normZ ger0_norm // ler_wpmul2l // h.
Qed.

(** ** T3, corrected scaling: eta^2 L f (r + t) G  (convex case). *)
Theorem unlearn_error_convex_scaling :
  (forall k, (k < t)%N -> masked_lipschitz m L (gR k)) ->
  (forall k, (k < t)%N -> masked_lipschitz m L (gF k)) ->
  (forall k, (k < t)%N -> masked_nonexpansive m eta (gR k)) ->
  (forall k, (k < t)%N -> norm (mask m (gR k (theta k) + gF k (theta k))) <= G) ->
  (forall k, (k < t)%N -> forget k -> norm (mask m (gF k (theta k))) <= G) ->
  let r := (steps retain t)%:R in let f := (steps forget t)%:R in
  norm (unlearn eta m gR gF theta0 theta0 t - retrain eta m gR theta0 t)
    <= eta ^+ 2 * L * f * (r + t%:R) * G.
Proof.
move=> lR lF ne hG hGF; cbv zeta.
set r := (steps retain t)%:R; set f := (steps forget t)%:R.
have D0 : 0 <= t%:R * (eta * G) by rewrite !mulr_ge0 ?ler0n.
have path k : (k < t)%N -> forget k -> norm (theta k - theta0) <= t%:R * (eta * G).
  move=> kt _; apply: le_trans (_ : k%:R * (eta * G) <= _).
    by apply: path_length => j jk; apply: hG; apply: ltn_trans kt.
  by rewrite ler_wpmul2r ?mulr_ge0 // ler_nat ltnW.
have m0 : masked m (theta0 - theta0) by rewrite subrr masked0.
have := unlearn_error_convex_uniform eta_ge0 L_ge0 no_retain no_forget m0 lR lF ne G_ge0 D0 path hGF.
cbv zeta; rewrite -/r -/f => h; apply: le_trans h _.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.
End RefTheta0.

(** ** Strongly convex case: the influence of a forgotten step decays
    geometrically with the number of retained steps that follow it. *)
Section Contractive.
Variables (R : rcfType) (d : nat) (eta q : R) (m : pred 'I_d).
Variables (gR gF : nat -> 'cV[R]_d -> 'cV[R]_d) (theta0 : 'cV[R]_d) (retain : pred nat).
Hypotheses (eta_ge0 : 0 <= eta) (q_ge0 : 0 <= q).
Hypothesis no_retain : forall k x, ~~ retain k -> gR k x = 0.
Let theta := learn eta m gR gF theta0.
Let phi := retrain eta m gR theta0.

Definition masked_contraction (g : 'cV[R]_d -> 'cV[R]_d) :=
  forall x y, masked m (x - y) ->
  norm ((x - eta *: mask m (g x)) - (y - eta *: mask m (g y))) <= q * norm (x - y).

Theorem gap_contractive t :
  (forall k, (k < t)%N -> retain k -> masked_contraction (gR k)) ->
  norm (theta t - phi t) <=
    eta * (\sum_(j < t) q ^+ (steps retain t - steps retain j.+1)%N
                          * norm (mask m (gF j (theta j)))).
Proof.
elim: t => [|t IH] ct; first by rewrite /theta /phi /= subrr norm0 big_ord0 mulr0.
have {}IH := IH (fun k kt => ct k (ltnW kt)).
rewrite big_ord_recr /= subnn expr0 mul1r mulrDr.
have -> : theta t.+1 - phi t.+1 =
    ((theta t - eta *: mask m (gR t (theta t))) - (phi t - eta *: mask m (gR t (phi t))))
    - eta *: mask m (gF t (theta t)).
  rewrite /theta /phi /= maskD -/(theta t) -/(phi t).
  move: (mask _ _) (mask _ _) (mask _ _) => a b c.
  by move: (theta t) (phi t) => x y; vring.
apply: le_trans (norm_triangleB _ _) _; rewrite normZ ger0_norm //.
apply: ler_add (lexx _).
have split_q : \sum_(j < t) q ^+ (steps retain t.+1 - steps retain j.+1)
                 * norm (mask m (gF j (theta j)))
    = (if retain t then q else 1) *
      (\sum_(j < t) q ^+ (steps retain t - steps retain j.+1)
                 * norm (mask m (gF j (theta j)))).
  rewrite mulr_sumr; apply: eq_bigr => j _; rewrite stepsS mulrA; congr (_ * _).
  have jt : (steps retain j.+1 <= steps retain t)%N by apply: steps_le; apply: ltn_ord.
  by case: (retain t); rewrite ?addn0 ?mul1r // addn1 subSn // exprS.
rewrite split_q mulrCA.
case: ifP => [rt | /negbT rt].
  have mk : masked m (theta t - phi t) by apply: paths_masked.
  apply: le_trans (ct t (ltnSn t) rt _ _ mk) _.
  by rewrite ler_wpmul2l.
by rewrite !no_retain // mask0 scaler0 !subr0 mul1r.
Qed.
End Contractive.

(** mu-strong monotonicity + co-coercivity + eta L <= 1 give a contraction
    with factor sqrt (1 - eta mu). *)
Theorem strongly_convex_contraction (R : rcfType) d (eta mu L : R) (m : pred 'I_d) g :
  0 < L -> 0 <= eta -> eta * L <= 1 -> eta * mu <= 1 ->
  strongly_monotone mu g -> cocoercive L g ->
  masked_contraction eta (Num.sqrt (1 - eta * mu)) m g.
Proof.
move=> L0 eta0 etaL etamu sm cc x y /eqP mxy.
have -> : (x - eta *: mask m (g x)) - (y - eta *: mask m (g y))
        = (x - y) - eta *: mask m (g x - g y).
  by rewrite maskB; move: (mask m (g x)) (mask m (g y)) => a b; vring.
have s0 : 0 <= 1 - eta * mu by rewrite subr_ge0.
rewrite norm_le_sq ?mulr_ge0 ?sqrtr_ge0 ?norm_ge0 // exprMn sqr_sqrtr //.
set v := mask m (g x - g y).
have vu : dot v (x - y) = dot (g x - g y) (x - y) by rewrite /v dot_mask mxy.
have sm' := sm x y; rewrite -vu in sm'.
have cc' : norm v ^+ 2 <= L * dot v (x - y).
  rewrite vu; apply: le_trans (cc x y).
  by rewrite ler_sqr ?nnegrE ?norm_ge0 ?norm_mask.
have vu0 : 0 <= dot v (x - y).
  by rewrite -(pmulr_rge0 _ L0); apply: le_trans cc'; rewrite exprn_ge0 ?norm_ge0.
have e1 : eta * (eta * norm v ^+ 2) <= eta * dot v (x - y).
  rewrite ler_wpmul2l //; apply: le_trans (ler_wpmul2l eta0 cc') _.
  by rewrite mulrA -[X in _ <= X]mul1r ler_wpmul2r.
have e2 := ler_wpmul2l eta0 sm'.
have h := ler_add e1 e2; rewrite -subr_ge0 in h; rewrite -subr_ge0; apply: le_trans h _.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
rewrite !norm_sq; move: (x - y) (v) => u w; rewrite !dotE (dotC u w); ring.
Qed.

(** ** One-sample SGD: step k uses the gradient [g k]; forget steps are the
    ones whose sample is to be forgotten. *)
Section OneSample.
Variables (R : rcfType) (d : nat) (eta : R) (m : pred 'I_d).
Variables (g : nat -> 'cV[R]_d -> 'cV[R]_d) (forget : pred nat) (theta0 : 'cV[R]_d).

Fixpoint sgd k : 'cV[R]_d :=
  if k is k'.+1 then sgd k' - eta *: mask m (g k' (sgd k')) else theta0.

Fixpoint sgd_skip k : 'cV[R]_d :=
  if k is k'.+1 then
    (if forget k' then sgd_skip k'
     else sgd_skip k' - eta *: mask m (g k' (sgd_skip k')))
  else theta0.

Definition sgd_unlearn ref t :=
  sgd t + eta *: \sum_(k < t | forget k) mask m (g k ref).

Let gR k x := if forget k then 0 else g k x.
Let gF k x := if forget k then g k x else 0.

Lemma sgd_learn k : sgd k = learn eta m gR gF theta0 k.
Proof.
by elim: k => //= k ->; rewrite /gR /gF; case: (forget k); rewrite ?addr0 ?add0r.
Qed.

Lemma sgd_skip_retrain k : sgd_skip k = retrain eta m gR theta0 k.
Proof.
elim: k => //= k ->; rewrite /gR; case: (forget k) => //.
by rewrite mask0 scaler0 subr0.
Qed.

Lemma sgd_unlearn_unlearn ref t : sgd_unlearn ref t = unlearn eta m gR gF theta0 ref t.
Proof.
rewrite /sgd_unlearn /unlearn sgd_learn big_mkcond; congr (_ + _ *: _).
by apply: eq_bigr => k _; rewrite /gF; case: (forget k); rewrite ?mask0.
Qed.

Variables (L : R) (t : nat) (ref : 'cV[R]_d).
Hypotheses (eta_ge0 : 0 <= eta) (L_ge0 : 0 <= L).
Hypothesis lip : forall k, (k < t)%N -> masked_lipschitz m L (g k).
Hypothesis ref_masked : masked m (ref - theta0).

Theorem sgd_unlearn_error_general :
  let r := steps (predC forget) t in
  norm (sgd_unlearn ref t - sgd_skip t) <=
    ((1 + eta * L) ^+ r - 1) * (eta * (\sum_(k < t | forget k) norm (mask m (g k ref))))
  + (1 + eta * L) ^+ r * (eta * L * (\sum_(k < t | forget k) norm (sgd k - ref))).
Proof.
rewrite sgd_unlearn_unlearn sgd_skip_retrain.
have -> : \sum_(k < t | forget k) norm (mask m (g k ref))
        = \sum_(k < t) norm (mask m (gF k ref)).
  rewrite big_mkcond; apply: eq_bigr => k _; rewrite /gF.
  by case: (forget k); rewrite ?mask0 ?norm0.
have -> : \sum_(k < t | forget k) norm (sgd k - ref)
        = \sum_(k < t | forget k) norm (learn eta m gR gF theta0 k - ref).
  by apply: eq_bigr => k _; rewrite sgd_learn.
apply: unlearn_error_general => //.
- by move=> k x; rewrite /= negbK /gR => ->.
- by move=> k x; rewrite /gF => /negbTE ->.
- move=> k kt x y mxy; rewrite /gR; case: (forget k); last exact: lip.
  by rewrite mask0 subrr norm0 mulr_ge0 ?norm_ge0.
- move=> k kt x y mxy; rewrite /gF; case: (forget k); first exact: lip.
  by rewrite mask0 subrr norm0 mulr_ge0 ?norm_ge0.
Qed.

Theorem sgd_unlearn_error_convex :
  (forall k, (k < t)%N -> masked_nonexpansive m eta (g k)) ->
  norm (sgd_unlearn ref t - sgd_skip t) <=
    eta * L * (\sum_(k < t | ~~ forget k)
                 (eta * (\sum_(j < k | forget j) norm (mask m (g j (sgd j))))))
  + eta * L * (\sum_(k < t | forget k) norm (sgd k - ref)).
Proof.
move=> ne; rewrite sgd_unlearn_unlearn sgd_skip_retrain.
have -> : \sum_(k < t | forget k) norm (sgd k - ref)
        = \sum_(k < t | forget k) norm (learn eta m gR gF theta0 k - ref).
  by apply: eq_bigr => k _; rewrite sgd_learn.
have -> : \sum_(k < t | ~~ forget k)
                 (eta * (\sum_(j < k | forget j) norm (mask m (g j (sgd j)))))
        = \sum_(k < t | predC forget k)
                 (eta * (\sum_(j < k) norm (mask m (gF j (learn eta m gR gF theta0 j))))).
  apply: eq_bigr => k _; congr (_ * _); rewrite big_mkcond; apply: eq_bigr => j _.
  by rewrite sgd_learn /gF; case: (forget j); rewrite ?mask0 ?norm0.
apply: unlearn_error_convex => //.
- by move=> k x; rewrite /= negbK /gR => ->.
- by move=> k x; rewrite /gF => /negbTE ->.
- move=> k kt x y mxy; rewrite /gR; case: (forget k); last exact: lip.
  by rewrite mask0 subrr norm0 mulr_ge0 ?norm_ge0.
- move=> k kt x y mxy; rewrite /gF; case: (forget k); first exact: lip.
  by rewrite mask0 subrr norm0 mulr_ge0 ?norm_ge0.
- move=> k kt x y mxy; rewrite /gR; case: (forget k); last exact: ne.
  by rewrite mask0 scaler0 !subr0.
Qed.

(** Plain training stability (no correction step at all). *)
Theorem sgd_gap_convex :
  (forall k, (k < t)%N -> masked_nonexpansive m eta (g k)) ->
  norm (sgd t - sgd_skip t) <= eta * (\sum_(j < t | forget j) norm (mask m (g j (sgd j)))).
Proof.
move=> ne; rewrite sgd_learn sgd_skip_retrain.
have -> : \sum_(j < t | forget j) norm (mask m (g j (sgd j)))
        = \sum_(j < t) norm (mask m (gF j (learn eta m gR gF theta0 j))).
  rewrite big_mkcond; apply: eq_bigr => j _.
  by rewrite sgd_learn /gF; case: (forget j); rewrite ?mask0 ?norm0.
apply: (@gap_convex _ _ _ _ _ _ _ t) => //.
move=> k kt x y mxy; rewrite /gR; case: (forget k); last exact: ne.
by rewrite mask0 scaler0 !subr0.
Qed.

End OneSample.
