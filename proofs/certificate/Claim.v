(** * Claim: what a certificate file says, as a record of dyadic numbers, and the
    arithmetic that every kind of certificate shares.

    The claim is about F(th) = sum_i w phi_i(x_i . th) + lam/2 |th|^2 on the n rows in the
    certificate, w = 1 (sum) or 1/n (mean).  A reference point whose gradient is at most
    lam * radius is within the radius of the minimiser; the triangle inequality does the rest.

    Definitions
      certificate             the numbers in the file
      rows, active            n and d
      weight, design, target, audited, reference   what they mean over the reals
      shape, scale, below, above, judge            the executable part
      verdict                 why a certificate is refused

    Theorems
      scale_pos, scale_weight  the scale that makes the mean's gradient dyadic
      sandwich                 a small gradient at the reference bounds the distance both ways
      judge_verified           what acceptance gives *)
From Coq Require Import Reals ZArith.
From Flocq Require Import Core Operations.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct.
From Unlearn Require Import Euclid Convex Dyadic CertRidge CertLogistic.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.
#[local] Bind Scope ring_scope with R.

Record certificate := Certificate {
  c_mean : bool;
  c_lambda : dy;
  c_theta : seq dy;
  c_reference : seq dy;
  c_radius : dy;
  c_rows : seq (seq dy);
  c_target : seq dy;
  c_lo : dy;
  c_hi : dy }.

Section Meaning.
Variable c : certificate.

Definition rows : nat := size (c_rows c).
Definition active : nat := size (c_theta c).
Definition weight (i : 'I_rows) : R := if c_mean c then rows%:R^-1 else 1.
Definition design : 'M[R]_(rows, active) := mat rows active (c_rows c).
Definition target (i : 'I_rows) : R := vec rows (c_target c) i 0.
Definition audited : 'cV[R]_active := vec active (c_theta c).
Definition reference : 'cV[R]_active := vec active (c_reference c).

(** ** Executable part. *)
Definition shape : bool := (0 < rows)%N && well_sized rows active (c_rows c) (c_target c) (c_reference c).
Definition scale : dy := Float radix2 (if c_mean c then Z.of_nat rows else Z.pos xH) 0.
Definition slack : dy := Fmult (Fmult scale (c_lambda c)) (c_radius c).
Definition gap2 : dy := let e := subD (c_theta c) (c_reference c) in dotD e e.
Definition sqD (a : dy) : dy := Fmult a a.
Definition below : bool :=
  leD (c_lo c) d0 ||
  (let s := Fplus (c_lo c) (c_radius c) in ge0D s && leD (sqD s) gap2).
Definition above : bool :=
  let s := Fminus (c_hi c) (c_radius c) in ge0D s && leD gap2 (sqD s).

Inductive verdict :=
  | Verified | Sizes_differ | Lambda_not_positive | Reference_not_within_radius
  | Lower_end_not_shown | Upper_end_not_shown.

Definition judge (near : bool) : verdict :=
  if ~~ shape then Sizes_differ
  else if ~~ gt0D (c_lambda c) then Lambda_not_positive
  else if ~~ (ge0D (c_radius c) && near) then Reference_not_within_radius
  else if ~~ below then Lower_end_not_shown
  else if ~~ above then Upper_end_not_shown
  else Verified.

Definition verified (v : verdict) : bool := if v is Verified then true else false.

Lemma judge_verified near : verified (judge near) ->
  [/\ shape, gt0D (c_lambda c), ge0D (c_radius c) && near, below & above].
Proof.
rewrite /judge; case: shape => //; case: gt0D => //; case: (_ && near) => //.
by case: below => //; case: above.
Qed.

(** ** Soundness of the shared part. *)
Lemma val_scale : val scale = if c_mean c then rows%:R else 1.
Proof.
have integer m : val (Float radix2 m 0) = IZR m by rewrite /val /F2R /= Rmult_1_r.
by rewrite /scale integer; case: (c_mean c); rewrite // -INR_IZR_INZ INRE.
Qed.

Lemma val_slack : val slack = val scale * (val (c_lambda c) * val (c_radius c)).
Proof. by rewrite /slack !valM mulrA. Qed.

Lemma scale_pos : shape -> 0 < val scale.
Proof. by case/andP => n0 _; rewrite val_scale; case: ifP => _; rewrite ?ltr0n // ltr01. Qed.

Lemma scale_weight i : val scale * weight i = 1.
Proof.
rewrite val_scale /weight; case: ifP => _; rewrite ?mulr1 // divff // pnatr_eq0.
by case: i => i h; rewrite -lt0n (leq_ltn_trans _ h).
Qed.

Lemma weight_ge0 i : 0 <= weight i.
Proof. by rewrite /weight; case: ifP => _; rewrite ?invr_ge0 ?ler0n ?ler01. Qed.

Lemma val_gap2 : shape -> val gap2 = norm (audited - reference) ^+ 2.
Proof.
case/andP => _ /and4P [_ _ _ /eqP sr]; have st : size (c_theta c) = active by [].
rewrite norm_sq -(vec_sub st sr) (val_dot (d := active)) //; exact: size_map2.
Qed.

Theorem sandwich (g : 'cV[R]_active -> 'cV[R]_active) th_r :
  shape -> 0 < val (c_lambda c) -> strongly_monotone (val (c_lambda c)) g -> g th_r = 0 ->
  norm (g reference) <= val (c_lambda c) * val (c_radius c) -> below -> above ->
  val (c_lo c) <= norm (audited - th_r) <= val (c_hi c).
Proof.
move=> sh l0 sm gr hg lower upper.
have near : norm (reference - th_r) <= val (c_radius c).
  apply: le_trans (residual_bound reference l0 sm gr) _.
  by rewrite ler_pdivr_mulr // mulrC.
have q := val_gap2 sh; apply/andP; split.
  case/orP: lower => [/leD_val|].
    by rewrite val0 => h; apply: le_trans h (norm_ge0 _).
  cbv zeta; case/andP => /ge0D_val s0 /leD_val.
  rewrite q valM -expr2 ler_sqr ?nnegrE ?norm_ge0 // valD => h.
  have t : norm (audited - reference) <= norm (audited - th_r) + norm (reference - th_r).
    rewrite [norm (reference - _)]normBC.
    have -> : audited - reference = (audited - th_r) + (th_r - reference) by rewrite addrA subrK.
    exact: norm_triangle.
  have := le_trans h (le_trans t (ler_add (lexx _) near)).
  by rewrite ler_add2r.
move: upper; rewrite /above; cbv zeta; case/andP => /ge0D_val s0 /leD_val.
rewrite q valM -expr2 ler_sqr ?nnegrE ?norm_ge0 // valB ler_subr_addr => h.
have -> : audited - th_r = (audited - reference) + (reference - th_r) by rewrite addrA subrK.
apply: le_trans (norm_triangle _ _) _; apply: le_trans h.
by rewrite ler_add2l.
Qed.
End Meaning.
