(** * ClaimRidge: the checker of ridge certificates, in exact rational arithmetic.

    Definitions
      ridge_verdict c   checks a certificate; says why it is refused
      ridge_objective c the retained objective: sum_i w (x_i . th - y_i)^2 / 2 + lam/2 |th|^2

    Theorems
      ridge_certificate_sound    acceptance bounds the distance to any minimiser, both ways
      ridge_certificate_retrained   and there is one, and only one *)
From Coq Require Import Reals ZArith.
From Flocq Require Import Core Operations.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct.
From Unlearn Require Import Euclid Convex Ridge Glm RidgeModel Dyadic CertRidge CertLogistic Claim.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.
#[local] Bind Scope ring_scope with R.

(** The gradient at the reference times the scale: a dyadic vector, known exactly. *)
Definition ridge_near (c : certificate) : bool :=
  let g := gradD (Fmult (scale c) (c_lambda c)) (c_rows c) (c_target c) (c_reference c) in
  leD (dotD g g) (sqD (slack c)).

Definition ridge_verdict (c : certificate) : verdict := judge c (ridge_near c).

Section Sound.
Variable c : certificate.

Definition ridge_objective : 'cV[R]_(active c) -> R :=
  ridge_model_loss (@target c) (@weight c) (val (c_lambda c)) (design c) 0.

Let grad := ridge_model_grad (@target c) (@weight c) (val (c_lambda c)) (design c) 0.

Lemma ridge_scaled th : val (scale c) *: grad th
  = ridge_grad (val (Fmult (scale c) (c_lambda c))) (design c) (vec (rows c) (c_target c)) th.
Proof.
rewrite /grad /ridge_model_grad /glm_grad addr0 scalerDr scalerA -valM; congr (_ + _).
rewrite scalemxAr; congr (_ *m _); apply/colP => i.
rewrite 3!mxE mulrA scale_weight mul1r /dsquared /target; congr (_ + _).
by rewrite [RHS]mxE.
Qed.

Let monotone : strongly_monotone (val (c_lambda c)) grad.
Proof. by apply: ridge_model_strongly_monotone; apply: weight_ge0. Qed.

Let stationary th : 0 < val (c_lambda c) -> minimiser ridge_objective th <-> grad th = 0.
Proof. by move=> l0; apply: ridge_model_minimiser => // i; apply: weight_ge0. Qed.

Lemma ridge_near_norm : shape c -> 0 < val (c_lambda c) -> 0 <= val (c_radius c) -> ridge_near c ->
  norm (grad (reference c)) <= val (c_lambda c) * val (c_radius c).
Proof.
move=> sh l0 r0; rewrite /ridge_near; cbv zeta.
have [_ ws] := andP sh.
have [sg gE] := gradD_correct (Fmult (scale c) (c_lambda c)) ws.
move/leD_val; rewrite (val_dot sg sg) gE -ridge_scaled -norm_sq valM -expr2 val_slack.
have s0 := scale_pos sh.
have t0 : 0 <= val (scale c) * (val (c_lambda c) * val (c_radius c)) by rewrite mulr_ge0 ?(ltW s0) // mulr_ge0 // ltW.
rewrite ler_sqr ?nnegrE ?norm_ge0 //.
by rewrite normZ gtr0_norm // ler_pmul2l.
Qed.

Theorem ridge_certificate_sound : verified (ridge_verdict c) ->
  forall th_r, minimiser ridge_objective th_r ->
  val (c_lo c) <= norm (audited c - th_r) <= val (c_hi c).
Proof.
case/judge_verified => sh /gt0D_val l0 /andP [/ge0D_val r0 near] below above th_r m.
apply: (sandwich sh l0 monotone) => //; last exact: ridge_near_norm.
by apply/stationary.
Qed.

Theorem ridge_certificate_retrained : verified (ridge_verdict c) ->
  exists th_r, [/\ minimiser ridge_objective th_r,
    forall z, minimiser ridge_objective z -> z = th_r &
    val (c_lo c) <= norm (audited c - th_r) <= val (c_hi c)].
Proof.
move=> v; have [sh /gt0D_val l0 _ _ _] := judge_verified v.
have s0 := scale_pos sh.
pose th_r := ridge_solution (val (Fmult (scale c) (c_lambda c))) (design c) (vec (rows c) (c_target c)).
have sl : 0 < val (Fmult (scale c) (c_lambda c)) by rewrite valM mulr_gt0.
have z : grad th_r = 0.
  have /eqP := ridge_scaled th_r; rewrite (ridge_solution_grad0 _ _ sl) scaler_eq0.
  by case/orP => /eqP // s00; move: s0; rewrite s00 ltxx.
have m : minimiser ridge_objective th_r by apply/stationary.
exists th_r; split=> // [t mt|]; last exact: ridge_certificate_sound.
by apply: (stationary_unique l0 monotone _ z); apply/stationary.
Qed.
End Sound.

Arguments ridge_objective c _ : clear implicits.
