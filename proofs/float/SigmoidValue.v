(** * SigmoidValue: dyadic approximations of the sigmoid, computed and verified in
    one go by integer arithmetic (no axiom beyond those of the reals).

    Definitions
      sigmoid_error        2^-100, the accuracy
      sigmoid_value z      a dyadic number near sigma z; nothing is claimed about it
      sigmoid_near z s     a test of |sigma z - s| <= 2^-100

    Theorem
      sigmoid_near_sound   the test is sound

    Beyond +-128 the sigmoid is 0 or 1 to that accuracy, so no exponential of a large
    number is ever formed. *)
From Coq Require Import Reals ZArith Lra.
From Flocq Require Import Core Operations.
From Interval Require Import Float.Basic.
From Unlearn Require Import Logistic SigmoidEnclosure.
Local Open Scope Z_scope.

Notation dy := (Defs.float radix2).
Definition bits : positive := 112.
Definition sigmoid_error : dy := Defs.Float radix2 1 (-100).
Definition one : dy := Defs.Float radix2 1 0.
Definition zero : dy := Defs.Float radix2 0 0.
Definition far : dy := Defs.Float radix2 128 0.

Definition le (a b : dy) : bool := Z.leb (Fnum (Fminus a b)) 0.

Definition sigmoid_value (z : dy) : dy :=
  if le far z then one
  else if le z (Fopp far) then zero
  else match FloatZ.toF (SigmoidZ.I.midpoint (SigmoidZ.sigmaI bits (SigmoidZ.ofD bits (Fnum z) (Fexp z)))) with
       | Float s m e => Defs.Float radix2 (if s then Z.neg m else Z.pos m) e
       | _ => zero
       end.

Definition equal (a b : dy) : bool := Z.eqb (Fnum (Fminus a b)) 0.

Definition sigmoid_near (z s : dy) : bool :=
  if le far z then equal s one
  else if le z (Fopp far) then equal s zero
  else SigmoidZ.sig_ok bits z s sigmoid_error.

Local Open Scope R_scope.

Lemma le_sound a b : le a b = true -> F2R a <= F2R b.
Proof.
  intros h. apply Z.leb_le, (F2R_le_0 radix2) in h. rewrite F2R_minus in h. lra.
Qed.

Lemma equal_sound a b : equal a b = true -> F2R a = F2R b.
Proof.
  intros h. apply Z.eqb_eq in h.
  assert (e : F2R (Fminus a b) = 0).
  { destruct (Fminus a b) as [m e]; simpl in h; subst m. apply F2R_0. }
  rewrite F2R_minus in e. lra.
Qed.

(** sigma (-128) <= 2^-100, by the enclosure itself. *)
Lemma sigma_far : sigma (- F2R far) <= F2R sigmoid_error.
Proof.
  assert (h : SigmoidZ.sig_ok bits (Fopp far) zero sigmoid_error = true) by (vm_compute; reflexivity).
  apply SigmoidZ.sig_ok_sound in h. unfold zero in h. rewrite F2R_opp, F2R_0, Rminus_0_r in h.
  exact (Rle_trans _ _ _ (Rle_abs _) h).
Qed.

Theorem sigmoid_near_sound z s :
  sigmoid_near z s = true -> Rabs (sigma (F2R z) - F2R s) <= F2R sigmoid_error.
Proof.
  assert (one1 : F2R one = 1) by (unfold F2R; simpl; lra).
  unfold sigmoid_near.
  destruct (le far z) eqn:above; [|destruct (le z (Fopp far)) eqn:below].
  - intros e. apply equal_sound in e. apply le_sound in above.
    rewrite e, one1. replace (sigma (F2R z) - 1) with (- sigma (- F2R z)) by (rewrite sigma_opp; ring).
    rewrite Rabs_Ropp, Rabs_pos_eq.
    + apply Rle_trans with (2 := sigma_far). apply sigma_increasing. lra.
    + destruct (sigma_bounds (- F2R z)); lra.
  - intros e. apply equal_sound in e. apply le_sound in below. rewrite F2R_opp in below.
    rewrite e. unfold zero. rewrite F2R_0, Rminus_0_r, Rabs_pos_eq.
    + apply Rle_trans with (2 := sigma_far). apply sigma_increasing. lra.
    + destruct (sigma_bounds (F2R z)); lra.
  - apply SigmoidZ.sig_ok_sound.
Qed.
