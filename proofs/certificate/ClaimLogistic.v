(** * ClaimLogistic: the checker of logistic certificates.  Logits are exact dyadic
    numbers, sigmoids are approximated to 2^-70 by a verified enclosure, everything
    after that is exact again.

    Definitions
      logistic_verdict c    checks a certificate; says why it is refused
      logistic_objective c  the retained objective:
                            sum_i w (softplus(x_i . th) - y_i x_i . th) + lam/2 |th|^2

    Theorems
      logistic_certificate_sound        acceptance bounds the distance to any minimiser, both ways
      logistic_certificate_stationary   the same for any zero of the gradient
      logistic_certificate_unique       there is at most one minimiser *)
From Coq Require Import Reals ZArith.
From Flocq Require Import Core Operations.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct.
From Unlearn Require Import Euclid Convex Glm Logistic LogisticModel SigmoidValue
  Dyadic CertRidge CertLogistic Claim.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.
#[local] Bind Scope ring_scope with R.

(** The gradient at the reference times the scale, up to an error of at most
    2^-70 sum_ij |x_ij|, which the radius must leave room for. *)
Definition logistic_near (c : certificate) : bool :=
  let z := [seq dotD r (c_reference c) | r <- c_rows c] in
  let found := [seq sigmoid_value a | a <- z] in
  let s := [seq odflt d0 o | o <- found] in
  let g := wsumD (c_rows c) (subD s (c_target c))
             (scaleD (Fmult (scale c) (c_lambda c)) (c_reference c)) in
  let room := Fminus (slack c) (Fmult sigmoid_error (l1D (c_rows c))) in
  [&& all isSome found, ge0D room & leD (dotD g g) (sqD room)].

Definition logistic_verdict (c : certificate) : verdict := judge c (logistic_near c).

Section Sound.
Variable c : certificate.

Definition logistic_objective : 'cV[R]_(active c) -> R :=
  logistic_loss (@weight c) (val (c_lambda c)) (design c) (@target c) 0.

Let grad := logistic_grad (@weight c) (val (c_lambda c)) (design c) (@target c) 0.

Let monotone : strongly_monotone (val (c_lambda c)) grad.
Proof. by apply: logistic_strongly_monotone; apply: weight_ge0. Qed.

Let stationary th : 0 < val (c_lambda c) -> minimiser logistic_objective th <-> grad th = 0.
Proof. by move=> l0; apply: logistic_minimiser_stationary => // i; apply: weight_ge0. Qed.

Lemma logistic_scaled th : val (scale c) *: grad th
  = (design c)^T *m (sigma_vec (design c *m th) - vec (rows c) (c_target c))
    + val (Fmult (scale c) (c_lambda c)) *: th.
Proof.
rewrite /grad /logistic_grad /glm_grad addr0 scalerDr scalerA -valM; congr (_ + _).
rewrite scalemxAr; congr (_ *m _); apply/colP => i.
rewrite 3!mxE mulrA scale_weight mul1r /dlogloss /target.
by congr (_ + _); rewrite [RHS]mxE.
Qed.

Lemma logistic_near_norm : shape c -> 0 < val (c_lambda c) -> 0 <= val (c_radius c) ->
  logistic_near c -> norm (grad (reference c)) <= val (c_lambda c) * val (c_radius c).
Proof.
move=> sh l0 r0; rewrite /logistic_near; cbv zeta.
set z := [seq dotD _ _ | r <- _]; set found := [seq sigmoid_value a | a <- _]; set s := map _ found.
case/and3P => hS /ge0D_val room0 /leD_val hG.
have [_ ws] := andP sh; have [/eqP sX rX /eqP sy /eqP sr] := and4P ws.
have sz : size z = rows c by rewrite size_map.
have ss : size s = rows c by rewrite 2!size_map.
have ssy : size (subD s (c_target c)) = rows c by rewrite (size_map2 _ (d := rows c)).
have sl : size (scaleD (Fmult (scale c) (c_lambda c)) (c_reference c)) = active c by rewrite size_map.
have [sg gE] := wsumD_correct sX rX ssy sl.
set g := wsumD _ _ _ in hG sg gE.
have s0 := scale_pos sh.
suff h : norm (val (scale c) *: grad (reference c)) <= val (slack c).
  by move: h; rewrite normZ gtr0_norm // val_slack ler_pmul2l.
rewrite logistic_scaled.
pose e : 'cV[R]_(rows c) := sigma_vec (design c *m reference c) - vec (rows c) s.
have -> : (design c)^T *m (sigma_vec (design c *m reference c) - vec (rows c) (c_target c))
        + val (Fmult (scale c) (c_lambda c)) *: reference c
        = vec (active c) g + (design c)^T *m e.
  rewrite gE vec_scale // (vec_sub ss sy) /e addrAC -mulmxDr.
  by congr (_ *m _ + _); rewrite [RHS]addrC addrA subrK.
move: room0 hG; set room := Fminus _ _ => room0 hG.
have -> : val (slack c) = val room + val (Fmult sigmoid_error (l1D (c_rows c))).
  by rewrite /room valB subrK.
apply: le_trans (norm_triangle _ _) _; apply: ler_add.
  by rewrite norm_le_sq // -(val_dot sg sg) expr2 -valM.
rewrite valM (l1D_val sX rX); apply: norm_trmul_le => i; rewrite !mxE.
have sri : size (nth [::] (c_rows c) i) = active c.
  by apply/eqP; apply: (all_nthP [::] rX); rewrite sX.
have iz : (i < size z)%N by rewrite sz.
have ifound : (i < size found)%N by rewrite size_map.
have : isSome (nth None found i) by apply: (all_nthP None hS).
rewrite /s (nth_map None) // /found (nth_map d0) //.
case E : sigmoid_value => [a|] // _; move/sigmoid_value_sound/RleP: E.
rewrite /z (nth_map [::]) ?sX // -/(val _) (val_dot sri sr) /=.
have -> : dot (vec (active c) (nth [::] (c_rows c) i)) (vec (active c) (c_reference c))
        = \sum_j design c i j * reference c j 0.
  by apply: eq_bigr => j _; rewrite !mxE.
by [].
Qed.

Theorem logistic_certificate_stationary : verified (logistic_verdict c) ->
  forall th_r, grad th_r = 0 -> val (c_lo c) <= norm (audited c - th_r) <= val (c_hi c).
Proof.
case/judge_verified => sh /gt0D_val l0 /andP [/ge0D_val r0 near] below above th_r m.
by apply: (sandwich sh l0 monotone) => //; apply: logistic_near_norm.
Qed.

Theorem logistic_certificate_sound : verified (logistic_verdict c) ->
  forall th_r, minimiser logistic_objective th_r ->
  val (c_lo c) <= norm (audited c - th_r) <= val (c_hi c).
Proof.
move=> v; have [_ /gt0D_val l0 _ _ _] := judge_verified v.
by move=> th_r /(stationary _ l0); apply: logistic_certificate_stationary.
Qed.

Theorem logistic_certificate_unique : verified (logistic_verdict c) ->
  forall u v, minimiser logistic_objective u -> minimiser logistic_objective v -> u = v.
Proof.
move=> h u v; have [_ /gt0D_val l0 _ _ _] := judge_verified h.
by move=> /(stationary _ l0) gu /(stationary _ l0) gv; apply: (stationary_unique l0 monotone).
Qed.
End Sound.

Arguments logistic_objective c _ : clear implicits.
