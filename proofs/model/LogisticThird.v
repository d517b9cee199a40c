(** * LogisticThird: the third derivative of the logistic function and the second-order
    Taylor remainder that it bounds.  Coq's reals and Coquelicot only.

    Definitions
      sigma''' t             sigma' t (1 - 6 sigma' t)

    Theorems
      sigma''_derive         it is the derivative of sigma''
      sigma'''_bound         |sigma'''| <= 1/8
      scalar_taylor2         f'' K-Lipschitz implies
                             |f(a+t) - f a - f' a t - f'' a t^2/2| <= K/6 |t|^3
      sigma_taylor2          |sigma(a+t) - sigma a - sigma' a t - sigma'' a t^2/2| <= |t|^3/48 *)
From Coq Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.
From Unlearn Require Import Slope Logistic.
Local Open Scope R_scope.

Definition sigma''' (t : R) : R := sigma' t * (1 - 6 * sigma' t).

Theorem sigma''_derive t : is_derive sigma'' t (sigma''' t).
Proof.
  apply (is_derive_ext (fun t => sigma' t * (1 - 2 * sigma t))).
  { intros s. change (sigma' s * (1 - 2 * sigma s) = sigma'' s). unfold sigma'', sigma'. ring. }
  evar_last.
  - apply (is_derive_mult sigma' (fun t => 1 - 2 * sigma t)).
    + apply sigma'_derive.
    + apply (is_derive_minus (fun _ => 1) (fun t => 2 * sigma t)).
      * apply is_derive_const.
      * apply is_derive_scal, sigma_derive.
    + intros; apply Rmult_comm.
  - unfold sigma''', sigma'', sigma', plus, mult, minus, opp, zero, scal; simpl.
    unfold plus, opp, mult, scal; simpl. unfold mult; simpl. ring.
Qed.

Theorem sigma'''_bound t : Rabs (sigma''' t) <= 1 / 8.
Proof.
  unfold sigma'''. destruct (sigma'_bounds t) as [h0 h1].
  apply Rabs_le; split; nra.
Qed.

Lemma sigma''_lipschitz x y : Rabs (sigma'' x - sigma'' y) <= 1 / 8 * Rabs (x - y).
Proof. apply (derive_bound_lipschitz sigma'' sigma'''); [apply sigma''_derive | apply sigma'''_bound]. Qed.

Lemma scalar_taylor2_up (f f' f'' : R -> R) (K a t : R) :
  (forall x, is_derive f x (f' x)) -> (forall x, is_derive f' x (f'' x)) ->
  (forall x y, Rabs (f'' x - f'' y) <= K * Rabs (x - y)) ->
  f (a + t) - f a - f' a * t - f'' a / 2 * t ^ 2 <= K / 6 * Rabs t ^ 3.
Proof.
  intros hd hd' hl.
  set (C := K / 2 * Rabs t ^ 3).
  set (p := fun s => f (a + s * t) - s * (f' a * t) - s * s * (f'' a / 2 * t ^ 2) - C / 3 * (s * s * s)).
  set (p' := fun s => t * f' (a + s * t) - f' a * t - 2 * s * (f'' a / 2 * t ^ 2) - C * (s * s)).
  assert (h : p 1 - p 0 <= 0).
  { apply (increment_le_slope p p').
    - intros s _. unfold p, p'.
      apply (is_derive_minus (fun s => f (a + s * t) - s * (f' a * t) - s * s * (f'' a / 2 * t ^ 2))
               (fun s => C / 3 * (s * s * s))).
      + apply (is_derive_minus (fun s => f (a + s * t) - s * (f' a * t))
                 (fun s => s * s * (f'' a / 2 * t ^ 2))).
        * apply (is_derive_minus (fun s => f (a + s * t)) (fun s => s * (f' a * t))).
          -- apply is_derive_along, hd.
          -- apply is_derive_linear.
        * auto_derive; [exact I | ring].
      + auto_derive; [exact I | field].
    - intros s [hs _]. unfold p'.
      assert (b := scalar_taylor f' f'' K a (s * t) hd' hl).
      set (r := f' (a + s * t) - f' a - f'' a * (s * t)) in b.
      replace (t * f' (a + s * t) - f' a * t - 2 * s * (f'' a / 2 * t ^ 2) - C * (s * s))
        with (t * r - C * (s * s)) by (unfold r; field).
      assert (e : t * r <= Rabs t * Rabs r) by (rewrite <- Rabs_mult; apply Rle_abs).
      assert (q : Rabs t * Rabs r <= Rabs t * (K / 2 * (s * t * (s * t)))).
      { apply Rmult_le_compat_l; [apply Rabs_pos | lra]. }
      assert (sq : t * t = Rabs t * Rabs t) by (rewrite <- Rabs_mult, Rabs_pos_eq; [ring | apply Rle_0_sqr]).
      replace (Rabs t * (K / 2 * (s * t * (s * t)))) with (C * (s * s)) in q.
      { lra. }
      unfold C. replace (s * t * (s * t)) with (s * s * (t * t)) by ring. rewrite sq. ring. }
  unfold p in h. replace (a + 1 * t) with (a + t) in h by ring.
  replace (a + 0 * t) with a in h by ring. unfold C in h. lra.
Qed.

Theorem scalar_taylor2 (f f' f'' : R -> R) (K a t : R) :
  (forall x, is_derive f x (f' x)) -> (forall x, is_derive f' x (f'' x)) ->
  (forall x y, Rabs (f'' x - f'' y) <= K * Rabs (x - y)) ->
  Rabs (f (a + t) - f a - f' a * t - f'' a / 2 * t ^ 2) <= K / 6 * Rabs t ^ 3.
Proof.
  intros hd hd' hl. apply Rabs_le; split; [|apply scalar_taylor2_up; assumption].
  enough (- f (a + t) - - f a - - f' a * t - - f'' a / 2 * t ^ 2 <= K / 6 * Rabs t ^ 3) by lra.
  apply (scalar_taylor2_up (fun x => - f x) (fun x => - f' x) (fun x => - f'' x)).
  - intros x. apply (is_derive_opp f), hd.
  - intros x. apply (is_derive_opp f'), hd'.
  - intros x y. replace (- f'' x - - f'' y) with (- (f'' x - f'' y)) by ring.
    rewrite Rabs_Ropp. apply hl.
Qed.

Theorem sigma_taylor2 (a t : R) :
  Rabs (sigma (a + t) - sigma a - sigma' a * t - sigma'' a / 2 * t ^ 2) <= 1 / 8 / 6 * Rabs t ^ 3.
Proof.
  apply scalar_taylor2; [apply sigma_derive | apply sigma'_derive | apply sigma''_lipschitz].
Qed.
