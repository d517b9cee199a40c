(** * SigmoidValue: dyadic approximations of the sigmoid, computed and verified in
    one go by integer arithmetic (no axiom beyond those of the reals).

    Definitions
      sigmoid_error      2^-70, the accuracy
      sigmoid_value z    a dyadic number within 2^-70 of sigma z, or nothing

    Theorem
      sigmoid_value_sound   it is that close

    Beyond +-128 the sigmoid is 0 or 1 to that accuracy, so no exponential of a large
    number is ever formed. *)
From Coq Require Import Reals ZArith Lra.
From Flocq Require Import Core Operations.
From Interval Require Import Float.Basic Interval.Interval Real.Xreal.
From Unlearn Require Import Logistic SigmoidEnclosure.
Local Open Scope Z_scope.

Notation dy := (Defs.float radix2).
Definition bits : positive := 80.
Definition sigmoid_error : dy := Defs.Float radix2 1 (-70).
Definition one : dy := Defs.Float radix2 1 0.
Definition zero : dy := Defs.Float radix2 0 0.
Definition far : dy := Defs.Float radix2 128 0.

Definition le (a b : dy) : bool := Z.leb (Fnum (Fminus a b)) 0.

Local Notation prec := (FloatZ.PtoP bits).
Local Notation of := (fun a : dy => SigmoidZ.ofD bits (Fnum a) (Fexp a)).

(** Some point of an interval; nothing is claimed about it. *)
Definition some_point (i : SigmoidZ.I.type) : dy :=
  match FloatZ.toF (SigmoidZ.I.midpoint i) with
  | Float s m e => Defs.Float radix2 (if s then Z.neg m else Z.pos m) e
  | _ => zero
  end.

(** All of the interval is within the accuracy of [s]. *)
Definition within (i : SigmoidZ.I.type) (s : dy) : bool :=
  match SigmoidZ.I.sign_large
          (SigmoidZ.I.sub prec (of sigmoid_error) (SigmoidZ.I.abs (SigmoidZ.I.sub prec i (of s)))) with
  | Xgt | Xeq => true
  | _ => false
  end.

Definition sigmoid_value (z : dy) : option dy :=
  if le far z then Some one
  else if le z (Fopp far) then Some zero
  else
    let i := SigmoidZ.sigmaI bits (of z) in
    let s := some_point i in
    if within i s then Some s else None.

Local Open Scope R_scope.

Lemma le_sound a b : le a b = true -> F2R a <= F2R b.
Proof.
  intros h. apply Z.leb_le, (F2R_le_0 radix2) in h. rewrite F2R_minus in h. lra.
Qed.

Lemma within_sound i s x :
  contains (SigmoidZ.I.convert i) (Xreal x) -> within i s = true ->
  Rabs (x - F2R s) <= F2R sigmoid_error.
Proof.
  intros hx. unfold within.
  set (D := SigmoidZ.I.sub prec _ _). intros H.
  assert (HD : contains (SigmoidZ.I.convert D) (Xreal (F2R sigmoid_error - Rabs (x - F2R s)))).
  { unfold D.
    change (Xreal (F2R sigmoid_error - Rabs (x - F2R s)))
      with (Xsub (Xreal (F2R sigmoid_error)) (Xabs (Xsub (Xreal x) (Xreal (F2R s))))).
    apply SigmoidZ.I.sub_correct; [exact (SigmoidZ.ofD_correct bits _ _)|].
    apply SigmoidZ.I.abs_correct, SigmoidZ.I.sub_correct; [exact hx|].
    destruct s as [m e]. exact (SigmoidZ.ofD_correct bits m e). }
  generalize (SigmoidZ.I.sign_large_correct D).
  destruct (SigmoidZ.I.sign_large D); try discriminate H; intros HS.
  - generalize (HS _ HD). intros E. inversion E as [E1]. lra.
  - destruct (HS _ HD) as [_ E]. simpl in E. lra.
Qed.

Lemma sigma_enclosed z : contains (SigmoidZ.I.convert (SigmoidZ.sigmaI bits (of z))) (Xreal (sigma (F2R z))).
Proof. destruct z as [m e]. exact (SigmoidZ.sigmaI_correct bits _ _ (SigmoidZ.ofD_correct bits m e)). Qed.

(** sigma (-128) <= 2^-70, by the enclosure itself. *)
Lemma sigma_far : sigma (- F2R far) <= F2R sigmoid_error.
Proof.
  assert (h : within (SigmoidZ.sigmaI bits (of (Fopp far))) zero = true) by (vm_compute; reflexivity).
  apply (within_sound _ _ _ (sigma_enclosed (Fopp far))) in h.
  unfold zero in h. rewrite F2R_opp, F2R_0, Rminus_0_r in h.
  exact (Rle_trans _ _ _ (Rle_abs _) h).
Qed.

Theorem sigmoid_value_sound z s :
  sigmoid_value z = Some s -> Rabs (sigma (F2R z) - F2R s) <= F2R sigmoid_error.
Proof.
  assert (one1 : F2R one = 1) by (unfold F2R; simpl; lra).
  unfold sigmoid_value.
  destruct (le far z) eqn:above; [|destruct (le z (Fopp far)) eqn:below].
  - intros e. injection e as e. apply le_sound in above.
    rewrite <- e, one1. replace (sigma (F2R z) - 1) with (- sigma (- F2R z)) by (rewrite sigma_opp; ring).
    rewrite Rabs_Ropp, Rabs_pos_eq.
    + apply Rle_trans with (2 := sigma_far). apply sigma_increasing. lra.
    + destruct (sigma_bounds (- F2R z)); lra.
  - intros e. injection e as e. apply le_sound in below. rewrite F2R_opp in below.
    rewrite <- e. unfold zero. rewrite F2R_0, Rminus_0_r, Rabs_pos_eq.
    + apply Rle_trans with (2 := sigma_far). apply sigma_increasing. lra.
    + destruct (sigma_bounds (F2R z)); lra.
  - cbv zeta. set (i := SigmoidZ.sigmaI bits _).
    destruct (within i (some_point i)) eqn:w; [|discriminate].
    intros e. injection e as e. subst s. exact (within_sound _ _ _ (sigma_enclosed z) w).
Qed.
