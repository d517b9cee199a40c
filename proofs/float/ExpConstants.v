(** * ExpConstants: the numbers of the kernel of exp in src/numeric/elementary.rs, under the names they
    have there.  tests/proof_constants.rs compares the two, bit by bit.

    Definitions
      LOG2_E                     log2 e, rounded
      LN_2                       A, B, C with ln 2 = A + B + C to 140 bits
      INVERSE_FACTORIALS         1/n! for n = 0 .. 8, as unevaluated sums of two floats
      SMALL_INVERSE_FACTORIALS   1/n! rounded, for n = 9 .. 21
      exact_*                    what they stand for

    Theorems
      ln2_split                  |ln 2 - (A + B + C)| <= 2^-140
      inverse_factorials_close, small_inverse_factorials_close   the coefficients, to 2^-107 and to 2^-53 of themselves *)
From Coq Require Import Reals ZArith Lra Lia List.
From Flocq Require Import Core BinarySingleNaN.
From Interval Require Import Tactic.
From Unlearn Require Import FloatDot FloatIeee Interval64 Twofold.
Import ListNotations.
Local Open Scope R_scope.

Definition LOG2_E : f64 := posf 6497320848556798 (-52).

(** Beyond these exp overflows, is below half the smallest float, and differs little from the logistic function. *)
Definition EXP_OVERFLOWS : f64 := posf 6243378866233016 (-43).
Definition EXP_UNDERFLOWS : f64 := negf 6554320754568069 (-43).
Definition SATURATES : f64 := negf 5629499534213120 (-47).

Definition LN_2 : f64 * f64 * f64 :=
  (posf 6243314768164864 (-53),
   posf 8711806768340992 (-97),
   posf 8092541269670408 (-139)).

Definition INVERSE_FACTORIALS : list twofold :=
  [TF (posf 4503599627370496 (-52)) Bzero;
   TF (posf 4503599627370496 (-52)) Bzero;
   TF (posf 4503599627370496 (-53)) Bzero;
   TF (posf 6004799503160661 (-55)) (posf 6004799503160661 (-109));
   TF (posf 6004799503160661 (-57)) (posf 6004799503160661 (-111));
   TF (posf 4803839602528529 (-59)) (posf 4803839602528529 (-115));
   TF (posf 6405119470038039 (-62)) (negf 8807039271302303 (-117));
   TF (posf 7320136537186330 (-65)) (posf 7320136537186330 (-125));
   TF (posf 7320136537186330 (-68)) (posf 7320136537186330 (-128))].

Definition SMALL_INVERSE_FACTORIALS : list f64 :=
  [posf 6506788033054516 (-71);
   posf 5205430426443612 (-74);
   posf 7571535165736164 (-78);
   posf 5047690110490776 (-81);
   posf 6212541674450185 (-85);
   posf 7100047627943069 (-89);
   posf 7573384136472607 (-93);
   posf 7573384136472607 (-97);
   posf 7127890951974218 (-101);
   posf 6335903068421527 (-105);
   posf 5335497320776023 (-109);
   posf 8536795713241637 (-114);
   posf 6504225305326962 (-118)].

Definition exact_inverse_factorials : list R :=
  [1; 1; / 2; / 6; / 24; / 120; / 720; / 5040; / 40320].
Definition exact_small_inverse_factorials : list R :=
  [/ 362880;
   / 3628800;
   / 39916800;
   / 479001600;
   / 6227020800;
   / 87178291200;
   / 1307674368000;
   / 20922789888000;
   / 355687428096000;
   / 6402373705728000;
   / 121645100408832000;
   / 2432902008176640000;
   / 51090942171709440000].

Definition LN_2a := fst (fst LN_2).
Definition LN_2b := snd (fst LN_2).
Definition LN_2c := snd LN_2.

(** The real value of a literal, as a quotient of integers. *)
Lemma fin_lit s m e H : fin (@B754_finite prec emax s m e H)
  (IZR (cond_Zopp s (Zpos m)) * bpow radix2 e).
Proof. split; reflexivity. Qed.

Theorem ln2_split : Rabs (ln 2 - (B2R LN_2a + B2R LN_2b + B2R LN_2c)) <= / IZR (2 ^ 140).
Proof.
  unfold LN_2a, LN_2b, LN_2c, LN_2, FloatIeee.B2R, BinarySingleNaN.B2R, F2R, cond_Zopp.
  cbn [fst snd Fnum Fexp bpow Z.pow_pos Pos.iter].
  interval with (i_prec 220).
Qed.

(** Unfolds a literal to integers and powers of two that [interval] and [lra] read. *)
Ltac literals := unfold Bzero, FloatIeee.B2R, BinarySingleNaN.B2R, F2R, cond_Zopp;
  cbn [fst snd Fnum Fexp bpow Z.pow_pos Pos.iter thi tlo radix_val radix2 Z.mul Pos.mul Pos.add Z.opp].

Definition coefficient (t : twofold) (c : R) : Prop :=
  tval t (B2R (thi t) + B2R (tlo t)) /\ Rabs (B2R (thi t) + B2R (tlo t) - c) <= / IZR (2 ^ 107) /\ 0 <= c <= 1.

Definition small_coefficient (t : f64) (c : R) : Prop :=
  is_finite t = true /\ Rabs (B2R t - c) <= / IZR (2 ^ 53) * (28 / 10000000) /\ 0 <= c <= 27558 / 10000000000.

Theorem inverse_factorials_close : Forall2 coefficient INVERSE_FACTORIALS exact_inverse_factorials.
Proof.
  unfold INVERSE_FACTORIALS, exact_inverse_factorials.
  repeat (apply Forall2_cons; [split; [|split; [|split]]|]); try apply Forall2_nil;
    try (eexists _, _; split; [split; reflexivity | split; [split; reflexivity | split; [reflexivity|]]]);
    unfold u; literals; try lra; interval with (i_prec 150).
Qed.

Theorem small_inverse_factorials_close :
  Forall2 small_coefficient SMALL_INVERSE_FACTORIALS exact_small_inverse_factorials.
Proof.
  unfold SMALL_INVERSE_FACTORIALS, exact_small_inverse_factorials.
  repeat (apply Forall2_cons; [split; [reflexivity | split; [|split]]|]); try apply Forall2_nil;
    literals; try lra; interval with (i_prec 150).
Qed.
