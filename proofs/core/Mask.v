(** * Mask: restricting vectors to the kept coordinates of a pruning mask.

    Definitions
    - [mask m v]: the vector [v] with every coordinate outside [m] set to zero.
    - [masked m v]: [v] is supported on [m].

    Lemmas: [mask] is linear, idempotent, symmetric for the inner product and
    never increases the norm; the masked vectors form a subspace.
    Axiom-free, over any real closed field. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Mask.
Variables (R : rcfType) (d : nat) (m : pred 'I_d).
Implicit Types (u v : 'cV[R]_d).

(** m * v: zero outside the kept coordinates. *)
Definition mask v : 'cV[R]_d := \col_i (if m i then v i 0 else 0).

Lemma maskD u v : mask (u + v) = mask u + mask v.
Proof. by apply/colP => i; rewrite !mxE; case: (m i); rewrite ?addr0. Qed.

Lemma maskN u : mask (- u) = - mask u.
Proof. by apply/colP => i; rewrite !mxE; case: (m i); rewrite ?oppr0. Qed.

Lemma maskB u v : mask (u - v) = mask u - mask v.
Proof. by rewrite maskD maskN. Qed.

Lemma maskZ a u : mask (a *: u) = a *: mask u.
Proof. by apply/colP => i; rewrite !mxE; case: (m i); rewrite ?mulr0. Qed.

Lemma mask0 : mask 0 = 0.
Proof. by apply/colP => i; rewrite !mxE if_same. Qed.

Lemma mask_idem u : mask (mask u) = mask u.
Proof. by apply/colP => i; rewrite !mxE; case: (m i). Qed.

Lemma dot_mask u v : dot (mask u) v = dot u (mask v).
Proof. by apply: eq_bigr => i _; rewrite !mxE; case: (m i); rewrite ?mul0r ?mulr0. Qed.

Lemma norm_mask u : norm (mask u) <= norm u.
Proof.
rewrite norm_le_norm; apply: ler_sum => i _; rewrite !mxE.
by case: (m i); rewrite // mul0r -expr2 sqr_ge0.
Qed.

(** Vectors supported on the mask. *)
Definition masked u := mask u == u.

Lemma masked0 : masked 0. Proof. by rewrite /masked mask0. Qed.
Lemma masked_mask u : masked (mask u). Proof. by rewrite /masked mask_idem. Qed.
Lemma maskedD u v : masked u -> masked v -> masked (u + v).
Proof. by rewrite /masked maskD => /eqP -> /eqP ->. Qed.
Lemma maskedN u : masked u -> masked (- u).
Proof. by rewrite /masked maskN => /eqP ->. Qed.
Lemma maskedB u v : masked u -> masked v -> masked (u - v).
Proof. by move=> mu mv; rewrite maskedD ?maskedN. Qed.
Lemma maskedZ a u : masked u -> masked (a *: u).
Proof. by rewrite /masked maskZ => /eqP ->. Qed.

Lemma masked_dot u v : masked u -> dot (mask v) u = dot v u.
Proof. by move=> /eqP mu; rewrite dot_mask mu. Qed.

End Mask.
