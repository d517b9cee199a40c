(** * MainFloat: the headline theorems about the library's binary64 enclosures, restated like those of
    Main.v.  A theorem [x] of this file is the theorem [x] of the module named above it.

    Floats are Flocq's [binary_float 53 1024], infinities, NaN, subnormals and signed zeros included; the functions
    are transcribed from src/numeric/, operation by operation.  [contains X x]: the real x lies between the ends of
    X; an infinite end is no bound, a NaN end contains nothing.  No theorem assumes that nothing overflows. *)
From Coq Require Import Reals ZArith List.
From Flocq Require Import Core.
From Unlearn Require Import FloatDot FloatIeee Interval64 Twofold ExpConstants ExpKernel ExpFloat DotFloat Logistic.
Local Open Scope R_scope.

(** ** Interval arithmetic (Interval64.v) *)

Theorem iadd_sound (X Y : itv) (x y : R) : contains X x -> contains Y y -> contains (iadd X Y) (x + y).
Proof. exact (iadd_sound X Y x y). Qed.

Theorem isub_sound (X Y : itv) (x y : R) : contains X x -> contains Y y -> contains (isub X Y) (x - y).
Proof. exact (isub_sound X Y x y). Qed.

Theorem imul_sound (X Y : itv) (x y : R) : contains X x -> contains Y y -> contains (imul X Y) (x * y).
Proof. exact (imul_sound X Y x y). Qed.

Theorem idiv_zero (X Y : itv) (x y : R) :
  contains X x -> contains Y y -> y <> 0 -> contains (idiv X Y) (x / y).
Proof. exact (idiv_zero X Y x y). Qed.

Theorem isqrt_sound (X : itv) (x : R) : contains X x -> contains (isqrt X) (sqrt x).
Proof. exact (isqrt_sound X x). Qed.

(** ** Sums of products (DotFloat.v); [within (x, Ball m r) v] is |v - m| <= r *)

Theorem enclosure_sound (l : list (f64 * ball)) (vs : list R) :
  (Z.of_nat (length l) < 2 ^ 53)%Z -> Forall2 within l vs ->
  contains (enclosure (fold_left add l start)) (rdot (pairs l vs)).
Proof. exact (enclosure_sound l vs). Qed.

Theorem dot_sound (l : list (f64 * f64)) :
  (Z.of_nat (length l) < 2 ^ 53)%Z -> contains (dot_f l) (rdot (reals l)).
Proof. exact (dot_sound l). Qed.

(** ** exp and the logistic function (ExpKernel.v, ExpFloat.v) *)

Theorem exponential_correct (x : f64) (v : R) : fin x v -> Rabs v <= 746 ->
  let (m, k) := exponential x in
  exists K M, fin k (IZR K) /\ (Z.abs K <= 1077)%Z /\ tval m M /\ fin (thi m) (rnd M) /\
    exp v = exp (v - IZR K * ln 2) * bpow radix2 K /\
    7 / 10 < exp (v - IZR K * ln 2) < 1415 / 1000 /\
    Rabs (M - exp (v - IZR K * ln 2)) <= / IZR (2 ^ 81).
Proof. exact (exponential_correct x v). Qed.

Theorem iexp_sound (X : itv) (x : R) : contains X x -> contains (iexp X) (exp x).
Proof. exact (iexp_sound X x). Qed.

Theorem isigmoid_sound (X : itv) (x : R) : contains X x -> contains (isigmoid X) (/ (1 + exp (- x))).
Proof. exact (isigmoid_sound X x). Qed.
