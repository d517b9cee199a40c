(** * Averaged: a sharper bound for smooth convex losses.

    A gradient step on a convex smooth loss does not merely fail to expand: what
    it moves two points relative to each other is paid for by a loss of distance.
    Adding these payments up over the steps that follow a kick gives a factor
    below both min(sum x_i, 2) and the strongly convex one of [Sgd].

    Definitions
    - [averaged_on S a s T]: |a (x - y) - (T x - T y)|^2
      <= s (a^2 |x - y|^2 - |T x - T y|^2) for x, y in S.
    - [sharp_factor P sigma] = 1 - P + P (2 sigma / (1 + sigma)).
    - [step_slack eta mu L] = eta (L - mu) / (2 - eta (L + mu)).

    Theorems
    - [step_averaged]: a step on a mu-strongly convex, L-smooth loss with
      eta (L + mu) < 2 is averaged with a = 1 - eta mu, s = step_slack.
    - [unlearn_error_averaged]: Gamma_k = sharp_factor (prod q_i) (sum s_i) over
      k < i < t, if the steps are averaged with a = q_i <= 1.
    - [unlearn_error_sharp]: the instance for smooth (strongly) convex losses;
      mu = 0 is the convex case, Gamma_k = 2 sigma / (1 + sigma) with
      sigma = sum x_i / (2 - x_i).
    - [sharp_le_drift], [sharp_le_two]: it never exceeds either branch of the
      minimum in [unlearn_error_strongly_convex] and [unlearn_error_convex].
    - [unlearn_error_sharp_masked]: the same behind a pruning mask.
    Axiom-free, over any real closed field. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid Convex Mask Step Trajectory Sgd.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Averaged.
Variables (R : rcfType) (d : nat).
Implicit Types (S : 'cV[R]_d -> Prop) (f : 'cV[R]_d -> R)
  (g T : 'cV[R]_d -> 'cV[R]_d) (mu L eta a s P sigma : R) (u v w p : 'cV[R]_d).

Definition averaged_on S a s T :=
  forall x y, S x -> S y ->
  norm (a *: (x - y) - (T x - T y)) ^+ 2
  <= s * (a ^+ 2 * norm (x - y) ^+ 2 - norm (T x - T y) ^+ 2).

Definition sharp_factor P sigma : R := 1 - P + P * (2%:R * sigma / (1 + sigma)).

Definition step_slack eta mu L : R := eta * (L - mu) / (2%:R - eta * (L + mu)).

Lemma step_slack_ge0 eta mu L :
  0 <= eta -> mu <= L -> eta * (L + mu) < 2%:R -> 0 <= step_slack eta mu L.
Proof.
by move=> eta0 muL h; rewrite divr_ge0 // ?mulr_ge0 ?subr_ge0 // ltW.
Qed.

(** ** One step *)
Theorem step_averaged S mu L eta f g :
  mu <= L -> 0 <= eta -> eta * (L + mu) < 2%:R -> flat_for S g ->
  convex_on S mu f g -> smooth_on S L f g ->
  averaged_on S (1 - eta * mu) (step_slack eta mu L) (gd_step eta g).
Proof.
move=> muL eta0 etaL flat cv sf x y Sx Sy; rewrite gd_stepB.
have [cv' sf'] := remove_quadratic cv sf.
have Lmu : 0 <= L - mu by rewrite subr_ge0.
have := baillon_haddad_on Lmu (flat_remove mu flat) cv' sf' Sx Sy.
set w := (_ - _ - _).
have -> : (x - y) - eta *: (g x - g y) = (1 - eta * mu) *: (x - y) - eta *: w.
  by rewrite /w; move: (g x) (g y) => p q; vring.
move: (x - y) w => u w cc.
have den : 0 < 2%:R - eta * (L + mu) by rewrite subr_gt0.
rewrite /step_slack mulrAC ler_pdivl_mulr //.
have q0 : 0 <= 1 - eta * mu.
  rewrite subr_ge0 -(ler_pmul2l (_ : 0 < 2%:R)) ?ltr0n // mulr1; apply: le_trans (ltW etaL).
  by rewrite mulrCA ler_wpmul2l // mulr_natl mulr2n ler_add2r.
have c0 : 0 <= 2%:R * (1 - eta * mu) * (eta * eta) by rewrite !mulr_ge0 ?ler0n.
have h := ler_wpmul2l c0 cc; rewrite -subr_ge0 in h; rewrite -subr_ge0.
apply: le_trans h _; rewrite le_eqVlt; apply/orP; left; apply/eqP.
by rewrite !norm_sq !dotE (dotC u w); ring.
Qed.

Lemma averaged_lipschitz S a s T : 0 <= a -> 0 <= s ->
  averaged_on S a s T -> lipschitz_on S a T.
Proof.
move=> a0 s0 av x y Sx Sy; have h := av x y Sx Sy.
have [sz|sn] := eqVneq s 0.
  have e : a *: (x - y) - (T x - T y) = 0.
    apply/eqP; rewrite -norm_eq0 -sqrf_eq0 eq_le exprn_ge0 ?norm_ge0 // andbT.
    by move: h; rewrite sz mul0r.
  by move/eqP: e; rewrite subr_eq0 => /eqP <-; rewrite normZ ger0_norm.
have sp : 0 < s by rewrite lt_neqAle eq_sym sn.
have := le_trans (exprn_ge0 2 (norm_ge0 _)) h; rewrite pmulr_rge0 // subr_ge0 -exprMn.
by rewrite ler_sqr ?nnegrE ?mulr_ge0 ?norm_ge0.
Qed.

(** ** Accumulating steps *)
Lemma amgm (a b c : R) : 0 <= a -> 0 <= b -> 0 <= c -> c ^+ 2 <= a * b -> 2%:R * c <= a + b.
Proof.
move=> a0 b0 c0 h.
rewrite -ler_sqr ?nnegrE ?addr_ge0 ?mulr_ge0 ?ler0n //.
have h4 : 4%:R * c ^+ 2 <= 4%:R * (a * b) by rewrite ler_wpmul2l ?ler0n.
have -> : (2%:R * c) ^+ 2 = 4%:R * c ^+ 2 by ring.
apply: le_trans h4 _; rewrite -subr_ge0.
have -> : (a + b) ^+ 2 - 4%:R * (a * b) = (a - b) ^+ 2 by ring.
exact: sqr_ge0.
Qed.

Lemma accumulate p v sigma s (A B : R) :
  0 <= sigma -> 0 <= s -> 0 <= A -> 0 <= B ->
  norm p ^+ 2 <= sigma * A -> norm v ^+ 2 <= s * B ->
  norm (p + v) ^+ 2 <= (sigma + s) * (A + B).
Proof.
move=> g0 s0 A0 B0 hp hv.
have cross : 2%:R * (norm p * norm v) <= sigma * B + s * A.
  apply: amgm; rewrite ?mulr_ge0 ?norm_ge0 // exprMn.
  have -> : sigma * B * (s * A) = (sigma * A) * (s * B) by ring.
  by rewrite ler_pmul ?exprn_ge0 ?norm_ge0.
have tri : norm (p + v) ^+ 2 <= (norm p + norm v) ^+ 2.
  by rewrite ler_sqr ?nnegrE ?addr_ge0 ?norm_ge0 // norm_triangle.
apply: le_trans tri _.
have -> : (norm p + norm v) ^+ 2 = (norm p ^+ 2 + norm v ^+ 2) + 2%:R * (norm p * norm v) by ring.
apply: le_trans (ler_add (ler_add hp hv) cross) _.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.

(** From the accumulated inequality to the factor. *)
Lemma sharp_from_accumulated u v P sigma : 0 <= P -> P <= 1 -> 0 <= sigma ->
  norm (P *: u - v) ^+ 2 <= sigma * (P ^+ 2 * norm u ^+ 2 - norm v ^+ 2) ->
  norm (v - u) <= norm u * sharp_factor P sigma.
Proof.
move=> P0 P1 g0 h; set y := norm (P *: u - v) in h *.
have y0 : 0 <= y by apply: norm_ge0.
have D0 : 0 <= norm u by apply: norm_ge0.
have g1 : 0 < 1 + sigma by rewrite ltr_paddr ?ltr01.
have low : (P * norm u - y) ^+ 2 <= norm v ^+ 2.
  have vE : v = P *: u - (P *: u - v) by vring.
  have : 0 <= (P * norm u) * y - dot (P *: u) (P *: u - v).
    rewrite subr_ge0; apply: le_trans (CauchySchwarz _ _) _.
    by rewrite normZ ger0_norm.
  have -> : norm v ^+ 2 = (P * norm u) ^+ 2 - 2%:R * dot (P *: u) (P *: u - v) + y ^+ 2.
    have e : norm v ^+ 2 = dot (P *: u - (P *: u - v)) (P *: u - (P *: u - v)).
      by rewrite -vE norm_sq.
    rewrite e /y exprMn !norm_sq; move: (P *: u - v) => z; rewrite !dotE (dotC z u).
    by ring.
  move=> h0; rewrite -subr_ge0; set X := dot _ _ in h0 *.
  have -> : (P * norm u) ^+ 2 - 2%:R * X + y ^+ 2 - (P * norm u - y) ^+ 2
          = 2%:R * (P * norm u * y - X) by ring.
  by rewrite mulr_ge0 ?ler0n.
have key : y * (y * (1 + sigma)) <= y * (2%:R * sigma * (P * norm u)).
  have h1 := ler_add h (ler_wpmul2l g0 low).
  rewrite -subr_ge0 in h1; rewrite -subr_ge0; apply: le_trans h1 _.
  rewrite le_eqVlt; apply/orP; left; apply/eqP.
  by move: (norm u) (norm v) => n n'; ring.
have yle : y <= P * (2%:R * sigma / (1 + sigma)) * norm u.
  have [->|yn] := eqVneq y 0.
    by rewrite !mulr_ge0 ?invr_ge0 ?ler0n // ltW.
  have yp : 0 < y by rewrite lt_neqAle eq_sym yn.
  move: key; rewrite ler_pmul2l // -ler_pdivl_mulr // => k2; apply: le_trans k2 _.
  rewrite le_eqVlt; apply/orP; left; apply/eqP.
  by move: (norm u) => n; field; rewrite gt_eqF.
have -> : v - u = - ((1 - P) *: u) - (P *: u - v) by vring.
apply: le_trans (norm_triangleB _ _) _; rewrite normN normZ ger0_norm ?subr_ge0 //.
rewrite /sharp_factor mulrDr [norm u * (1 - P)]mulrC ler_add2l.
by rewrite [X in _ <= X]mulrC.
Qed.

(** ** Comparison with the other factors *)
Lemma sharp_le_two P sigma : 0 <= P -> 0 <= sigma -> sharp_factor P sigma <= 1 + P.
Proof.
move=> P0 g0; have g1 : 0 < 1 + sigma by rewrite ltr_paddr ?ltr01.
rewrite /sharp_factor -addrA ler_add2l addrC ler_subl_addr -mulr2n -[P *+ 2]mulr_natr.
rewrite ler_wpmul2l // ler_pdivr_mulr // mulrDr mulr1 ler_addr ler0n //.
Qed.

Lemma sharp_step P sigma eta mu L :
  0 <= P -> 0 <= sigma -> 0 <= eta -> 0 <= mu <= L -> eta * (L + mu) < 2%:R ->
  sharp_factor (P * (1 - eta * mu)) (sigma + step_slack eta mu L)
  <= sharp_factor P sigma + eta * L * P.
Proof.
move=> P0 g0 eta0 /andP[mu0 muL] small.
set s := step_slack eta mu L; have s0 : 0 <= s by apply: step_slack_ge0.
set q := 1 - eta * mu.
have den : 0 < 2%:R - eta * (L + mu) by rewrite subr_gt0.
have q0 : 0 <= q.
  rewrite subr_ge0 -(ler_pmul2l (_ : 0 < 2%:R)) ?ltr0n // mulr1; apply: le_trans (ltW small).
  by rewrite mulrCA ler_wpmul2l // mulr_natl mulr2n ler_add2r.
have g1 : 0 < 1 + sigma by rewrite ltr_paddr ?ltr01.
have s1 : 0 < 1 + s by rewrite ltr_paddr ?ltr01.
have gs1 : 0 < 1 + (sigma + s) by rewrite ltr_paddr ?ltr01 ?addr_ge0.
have qs : q * (2%:R * s / (1 + s)) = eta * (L - mu).
  have e : 1 + s = 2%:R * q / (2%:R - eta * (L + mu)).
    by rewrite /s /q /step_slack; field; rewrite gt_eqF.
  have [qz|qn] := eqVneq q 0.
    by move: s1; rewrite e qz mulr0 mul0r ltxx.
  by rewrite e /s /step_slack; field; rewrite gt_eqF // gt_eqF // lt_neqAle eq_sym qn.
have sub : 2%:R * (sigma + s) / (1 + (sigma + s))
           <= 2%:R * sigma / (1 + sigma) + 2%:R * s / (1 + s).
  rewrite mulrDr mulrDl; apply: ler_add.
    apply: ler_wpmul2l; first by rewrite mulr_ge0 ?ler0n.
    by rewrite lef_pinv ?posrE // addrA ler_addl.
  apply: ler_wpmul2l; first by rewrite mulr_ge0 ?ler0n.
  by rewrite lef_pinv ?posrE // (addrC sigma) addrA ler_addl.
have hs0 : 0 <= 2%:R * sigma / (1 + sigma) by rewrite divr_ge0 ?mulr_ge0 ?ler0n // ltW.
rewrite /sharp_factor; move: (_ / (1 + (sigma + s))) sub => W.
move: (2%:R * sigma / (1 + sigma)) hs0 (2%:R * s / (1 + s)) qs => Z Z0 Y qY W_le.
apply: le_trans (_ : 1 - P * q + P * q * (Z + Y) <= _).
  by rewrite ler_add2l ler_wpmul2l ?mulr_ge0.
rewrite -subr_ge0.
have -> : 1 - P + P * Z + eta * L * P - (1 - P * q + P * q * (Z + Y))
        = P * Z * (eta * mu) + P * (eta * (L - mu) - q * Y) by rewrite /q; ring.
by rewrite qY subrr mulr0 addr0 !mulr_ge0.
Qed.

Theorem sharp_le_drift (eta mu L : nat -> R) n t :
  (forall i, (n <= i < t)%N -> 0 <= eta i) ->
  (forall i, (n <= i < t)%N -> 0 <= mu i <= L i) ->
  (forall i, (n <= i < t)%N -> eta i * (L i + mu i) < 2%:R) ->
  sharp_factor (\prod_(n <= i < t) (1 - eta i * mu i))
               (\sum_(n <= i < t) step_slack (eta i) (mu i) (L i))
  <= \sum_(n <= i < t) eta i * L i * \prod_(n <= j < i) (1 - eta j * mu j).
Proof.
have [tn|nt] := leqP t n.
  by rewrite !big_geq // /sharp_factor subrr add0r mulr0 mul0r mulr0.
elim: t nt => // t IH; rewrite ltnS => nt e0 muL small.
have sub i : (n <= i < t)%N -> (n <= i < t.+1)%N.
  by move=> /andP[ni it]; rewrite ni ltnW.
have nt1 : (n <= t < t.+1)%N by rewrite nt ltnSn.
rewrite !big_nat_recr //=.
have P0 : 0 <= \prod_(n <= i < t) (1 - eta i * mu i).
  apply: prod_ge0 => i /sub it; have /andP[mu0 le_muL] := muL i it.
  rewrite subr_ge0 -(ler_pmul2l (_ : 0 < 2%:R)) ?ltr0n // mulr1.
  apply: le_trans (ltW (small i it)).
  by rewrite mulrCA ler_wpmul2l ?e0 // mulr_natl mulr2n ler_add2r.
have g0 : 0 <= \sum_(n <= i < t) step_slack (eta i) (mu i) (L i).
  rewrite big_nat; apply: sumr_ge0 => i /sub it; have /andP[_ le_muL] := muL i it.
  by rewrite step_slack_ge0 ?e0 ?small.
apply: le_trans (sharp_step P0 g0 (e0 t nt1) (muL t nt1) (small t nt1)) _.
rewrite ler_add2r; move: nt; rewrite leq_eqVlt => /orP[/eqP->|nt].
  by rewrite !big_geq // /sharp_factor subrr add0r mulr0 mul0r mulr0.
by apply: IH => // i /sub; [apply: e0 | apply: muL | apply: small].
Qed.
End Averaged.

(** ** The error of adding gradients back *)
Section Error.
Variables (R : rcfType) (d : nat).
Variables (keep drop : nat -> 'cV[R]_d -> 'cV[R]_d).
Variables (eta : nat -> R) (theta0 : 'cV[R]_d) (t : nat).
Local Notation theta := (train keep drop eta theta0).
Local Notation phi := (retrain keep eta theta0).
Local Notation u := (addback keep drop eta theta0).
Local Notation y := (hybrid keep drop eta theta0).
Local Notation a k := (eta k * norm (drop k (theta k))).

Hypothesis eta_ge0 : forall k, (k < t)%N -> 0 <= eta k.
Variable S : nat -> 'cV[R]_d -> Prop.
Hypothesis S_train : forall k, (k < t)%N -> S k (theta k).
Hypothesis S_step : forall k x, (k < t)%N -> S k x -> S k.+1 (gd_step (eta k) (keep k) x).

Variables (ref : nat -> 'cV[R]_d) (Rd : nat -> R).
Hypothesis drop_lip : forall k, (k < t)%N ->
  norm (drop k (ref k) - drop k (theta k)) <= Rd k * norm (theta k - ref k).

Section General.
Variables (q s : nat -> R).
Hypothesis q01 : forall k, (k < t)%N -> 0 <= q k <= 1.
Hypothesis s_ge0 : forall k, (k < t)%N -> 0 <= s k.
Hypothesis step_av : forall k, (k < t)%N ->
  averaged_on (S k) (q k) (s k) (gd_step (eta k) (keep k)).

Lemma hybrid_accumulated j k : (j < k)%N -> (k <= t)%N ->
  let kick := - (eta j *: drop j (theta j)) in
  let P := \prod_(j.+1 <= i < k) q i in
  norm (y j.+1 k - y j k) ^+ 2 <= P ^+ 2 * norm kick ^+ 2 /\
  norm (P *: kick - (y j.+1 k - y j k)) ^+ 2
    <= (\sum_(j.+1 <= i < k) s i) * (P ^+ 2 * norm kick ^+ 2 - norm (y j.+1 k - y j k) ^+ 2).
Proof.
elim: k => // k IH; rewrite ltnS leq_eqVlt => /orP[/eqP <-|jk] kt /=.
  rewrite !big_geq // ltnSn ltnn subr0 !hybrid_train // addrAC subrr sub0r.
  by rewrite scale1r subrr norm0 expr0n mul0r expr1n mul1r.
have {IH} := IH jk (ltnW kt); rewrite /= => -[I1 I2].
rewrite ltnS leqNgt jk /= (ltnNge k j) (ltnW jk) /= !subr0 !big_nat_recr //=.
have Sx := hybrid_in S_train S_step j.+1 kt; have Sy := hybrid_in S_train S_step j kt.
have /andP[q0 q1] := q01 kt; have sk := s_ge0 kt.
have av := step_av kt Sx Sy.
have lip := averaged_lipschitz q0 sk (step_av kt) Sx Sy.
move: (gd_step _ _ _ - gd_step _ _ _) av lip => d' av lip.
move: (y j.+1 k - y j k) I1 I2 av lip => dl I1 I2 av lip.
move: (- _) I1 I2 => kick I1 I2; move: (\prod_(_ <= _ < _) q _) I1 I2 => P I1 I2.
have g0 : 0 <= \sum_(j.+1 <= i < k) s i.
  rewrite big_nat; apply: sumr_ge0 => i /andP[_ ik].
  by rewrite s_ge0 //; apply: ltn_trans kt.
have lip2 : norm d' ^+ 2 <= q k ^+ 2 * norm dl ^+ 2.
  by rewrite -exprMn ler_sqr ?nnegrE ?mulr_ge0 ?norm_ge0.
have qq : 0 <= q k ^+ 2 by rewrite sqr_ge0.
split.
  apply: le_trans lip2 _; apply: le_trans (ler_wpmul2l qq I1) _.
  by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
have -> : (P * q k) *: kick - d' = q k *: (P *: kick - dl) + (q k *: dl - d') by vring.
have -> : (P * q k) ^+ 2 * norm kick ^+ 2 - norm d' ^+ 2
        = q k ^+ 2 * (P ^+ 2 * norm kick ^+ 2 - norm dl ^+ 2)
          + (q k ^+ 2 * norm dl ^+ 2 - norm d' ^+ 2) by ring.
apply: accumulate => //; rewrite ?subr_ge0 //.
  by rewrite mulr_ge0 // subr_ge0.
rewrite normZ exprMn real_normK ?num_real // [X in _ <= X]mulrCA.
by rewrite ler_wpmul2l.
Qed.

Theorem unlearn_error_averaged :
  norm (u ref t - phi t) <=
    \sum_(k < t) (eta k * Rd k * norm (theta k - ref k)
      + a k * sharp_factor (\prod_(k.+1 <= i < t) q i) (\sum_(k.+1 <= i < t) s i)).
Proof.
apply: (reference_error eta_ge0 drop_lip
  (b := fun k => a k * sharp_factor (\prod_(k.+1 <= i < t) q i) (\sum_(k.+1 <= i < t) s i))).
rewrite hybrid_sum; apply: le_trans (norm_sum _ _ _) _; apply: ler_sum => j _.
have jt := ltn_ord j; have [_ acc] := hybrid_accumulated jt (leqnn t).
have inside i : (j.+1 <= i < t)%N -> (i < t)%N by case/andP.
have P0 : 0 <= \prod_(j.+1 <= i < t) q i.
  by apply: prod_ge0 => i /inside it; case/andP: (q01 it).
have P1 : \prod_(j.+1 <= i < t) q i <= 1 by apply: prod_le1 => i /inside it; apply: q01.
have g0 : 0 <= \sum_(j.+1 <= i < t) s i.
  by rewrite big_nat; apply: sumr_ge0 => i /inside it; apply: s_ge0.
have := sharp_from_accumulated P0 P1 g0 acc.
by rewrite opprK normN normZ ger0_norm ?eta_ge0.
Qed.
End General.

(** [f k] is the retained part of the loss of batch [k], [keep k] its gradient. *)
Variables (f : nat -> 'cV[R]_d -> R) (mu L : nat -> R).
Hypothesis S_flat : forall k, (k < t)%N -> flat_for (S k) (keep k).
Hypothesis mu_L : forall k, (k < t)%N -> 0 <= mu k <= L k.
Hypothesis small : forall k, (k < t)%N -> eta k * (L k + mu k) < 2%:R.
Hypothesis f_convex : forall k, (k < t)%N -> convex_on (S k) (mu k) (f k) (keep k).
Hypothesis f_smooth : forall k, (k < t)%N -> smooth_on (S k) (L k) (f k) (keep k).

Theorem unlearn_error_sharp :
  norm (u ref t - phi t) <=
    \sum_(k < t) (eta k * Rd k * norm (theta k - ref k)
      + a k * sharp_factor (\prod_(k.+1 <= i < t) (1 - eta i * mu i))
                           (\sum_(k.+1 <= i < t) step_slack (eta i) (mu i) (L i))).
Proof.
apply: (@unlearn_error_averaged (fun i => 1 - eta i * mu i)
          (fun i => step_slack (eta i) (mu i) (L i))) => k kt; have /andP[mu0 le_muL] := mu_L kt.
- rewrite subr_ge0 ler_subl_addr ler_addl mulr_ge0 ?eta_ge0 // andbT.
  rewrite -(ler_pmul2l (_ : 0 < 2%:R)) ?ltr0n // mulr1; apply: le_trans (ltW (small kt)).
  by rewrite mulrCA ler_wpmul2l ?eta_ge0 // mulr_natl mulr2n ler_add2r.
- by rewrite step_slack_ge0 ?eta_ge0 ?small.
exact: step_averaged le_muL (eta_ge0 kt) (small kt) (S_flat kt) (f_convex kt) (f_smooth kt).
Qed.
End Error.

(** ** Behind a pruning mask *)
Corollary unlearn_error_sharp_masked (R : rcfType) d (m : pred 'I_d)
    (g r : nat -> 'cV[R]_d -> 'cV[R]_d) (f : nat -> 'cV[R]_d -> R)
    (eta mu L Rd : nat -> R) theta0 (ref : nat -> 'cV[R]_d) t :
  let theta := train (masked_run m g) (masked_run m r) eta theta0 in
  let plane := mask_plane m theta0 in
  (forall k, (k < t)%N -> 0 <= eta k) ->
  (forall k, (k < t)%N -> plane (ref k)) ->
  (forall k, (k < t)%N -> lipschitz_on plane (Rd k) (mask m \o r k)) ->
  (forall k, (k < t)%N -> 0 <= mu k <= L k) ->
  (forall k, (k < t)%N -> eta k * (L k + mu k) < 2%:R) ->
  (forall k, (k < t)%N -> convex_on plane (mu k) (f k) (g k)) ->
  (forall k, (k < t)%N -> smooth_on plane (L k) (f k) (g k)) ->
  is_true (norm (addback (masked_run m g) (masked_run m r) eta theta0 ref t
        - retrain (masked_run m g) eta theta0 t) <=
    \sum_(k < t) (eta k * Rd k * norm (theta k - ref k)
      + eta k * norm (mask m (r k (theta k)))
        * sharp_factor (\prod_(k.+1 <= i < t) (1 - eta i * mu i))
                       (\sum_(k.+1 <= i < t) step_slack (eta i) (mu i) (L i)))).
Proof.
cbv zeta => e0 rin rl muL small cv sm.
apply: (@unlearn_error_sharp _ _ (masked_run m g) (masked_run m r) eta theta0 t e0
          (fun=> mask_plane m theta0) _ _ ref Rd _ f mu L) => //.
- by move=> k _; apply: masked_train.
- by move=> k x _; apply: mask_plane_step.
- by move=> k kt; rewrite normBC; apply: (rl k kt); [apply: masked_train | apply: rin].
- by move=> k _; apply: mask_flat.
- by move=> k kt; apply: (mask_convex_on _ (cv k kt)) => x; apply: id.
by move=> k kt; apply: (mask_smooth_on _ (sm k kt)) => x; apply: id.
Qed.
