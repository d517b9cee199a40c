(** * MainCertificate: what it means that proofs/check-certificate accepts a file.

    [c] is the file's content: numbers m * 2^e, [val] of which are reals.  The verdicts are
    computed by Coq's kernel.  The objectives are those of RidgeModel and LogisticModel, written out:
      ridge      sum_i w_i (x_i . th - y_i)^2 / 2               + lam/2 |th|^2 + <b, th>
      logistic   sum_i w_i (softplus (x_i . th) - y_i x_i . th) + lam/2 |th|^2 + <b, th>
    with b = 0 and w_i = 1 or 1/n ([weight]).  Nothing is proved here. *)
From Coq Require Import Reals.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct.
From Unlearn Require Import Euclid Convex RidgeModel LogisticModel Dyadic Claim.
From Unlearn Require ClaimRidge ClaimLogistic.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem ridge_certificate_sound (c : certificate) :
  verified (ClaimRidge.ridge_verdict c) ->
  forall th_r : 'cV[R]_(active c),
  minimiser (ridge_model_loss (@target c) (@weight c) (val (c_lambda c)) (design c) 0) th_r ->
  val (c_lo c) <= norm (audited c - th_r) <= val (c_hi c).
Proof. exact: ClaimRidge.ridge_certificate_sound. Qed.

Theorem logistic_certificate_sound (c : certificate) :
  verified (ClaimLogistic.logistic_verdict c) ->
  forall th_r : 'cV[R]_(active c),
  minimiser (logistic_loss (@weight c) (val (c_lambda c)) (design c) (@target c) 0) th_r ->
  val (c_lo c) <= norm (audited c - th_r) <= val (c_hi c).
Proof. exact: ClaimLogistic.logistic_certificate_sound. Qed.
