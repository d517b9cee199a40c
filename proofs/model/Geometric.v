(** * Geometric: sequences of reals whose increments shrink geometrically
    (Coq reals only).

      geometric_limit    |u (n+1) - u n| <= c q^n gives a limit l with
                         |u n - l| <= c / (1 - q) q^n
      geometric_vanish   a <= b + c q^n for every n implies a <= b *)
From Coq Require Import Reals Lra Lia.
Local Open Scope R_scope.

Section Geometric.
Variables (c q : R).
Hypotheses (c0 : 0 <= c) (q0 : 0 <= q < 1).

Lemma geometric_tail_ge0 n : 0 <= c * q ^ n / (1 - q).
Proof.
  apply Rmult_le_pos; [apply Rmult_le_pos; [exact c0 | apply pow_le; lra]|].
  left; apply Rinv_0_lt_compat; lra.
Qed.

Lemma geometric_small (e : R) : 0 < e -> exists n, c * q ^ n / (1 - q) < e.
Proof.
  intros he.
  assert (d0 : 0 < e * (1 - q) / (c + 1)).
  { apply Rmult_lt_0_compat; [apply Rmult_lt_0_compat; lra|apply Rinv_0_lt_compat; lra]. }
  destruct (pow_lt_1_zero q) with (y := e * (1 - q) / (c + 1)) as [N hN];
    [rewrite Rabs_pos_eq; lra | exact d0 |].
  exists N. assert (h := hN N (le_n N)).
  assert (p0 : 0 <= q ^ N) by (apply pow_le; lra).
  rewrite Rabs_pos_eq in h by exact p0.
  apply (Rmult_lt_reg_r (1 - q)); [lra|].
  replace (c * q ^ N / (1 - q) * (1 - q)) with (c * q ^ N) by (field; lra).
  apply Rle_lt_trans with ((c + 1) * q ^ N); [lra|].
  replace (e * (1 - q)) with ((c + 1) * (e * (1 - q) / (c + 1))) by (field; lra).
  apply Rmult_lt_compat_l; [lra | exact h].
Qed.

Theorem geometric_vanish (a b : R) : (forall n, a <= b + c * q ^ n) -> a <= b.
Proof.
  intros h; apply le_epsilon; intros e he.
  destruct (geometric_small e he) as [n hn].
  apply Rle_trans with (1 := h n). apply Rplus_le_compat_l.
  apply Rle_trans with (c * q ^ n / (1 - q)); [|lra].
  apply (Rmult_le_reg_r (1 - q)); [lra|].
  replace (c * q ^ n / (1 - q) * (1 - q)) with (c * q ^ n) by (field; lra).
  rewrite <- (Rmult_1_r (c * q ^ n)) at 2. apply Rmult_le_compat_l; [|lra].
  apply Rmult_le_pos; [exact c0 | apply pow_le; lra].
Qed.

Variable u : nat -> R.
Hypothesis step : forall n, Rabs (u (S n) - u n) <= c * q ^ n.

Lemma geometric_between n k : Rabs (u (n + k)%nat - u n) <= c * q ^ n / (1 - q).
Proof.
  enough (Rabs (u (n + k)%nat - u n) <= c * q ^ n * (1 - q ^ k) / (1 - q)).
  { apply Rle_trans with (1 := H). unfold Rdiv. apply Rmult_le_compat_r.
    - left; apply Rinv_0_lt_compat; lra.
    - rewrite <- (Rmult_1_r (c * q ^ n)) at 2. apply Rmult_le_compat_l.
      + apply Rmult_le_pos; [exact c0 | apply pow_le; lra].
      + assert (0 <= q ^ k) by (apply pow_le; lra). lra. }
  induction k as [|k IH].
  - rewrite Nat.add_0_r, Rminus_diag_eq, Rabs_R0 by reflexivity. simpl. right. field. lra.
  - replace (u (n + S k)%nat - u n) with ((u (S (n + k)) - u (n + k)%nat) + (u (n + k)%nat - u n))
      by (rewrite Nat.add_succ_r; ring).
    apply Rle_trans with (1 := Rabs_triang _ _).
    apply Rle_trans with (1 := Rplus_le_compat _ _ _ _ (step (n + k)) IH).
    right. rewrite pow_add. simpl. field. lra.
Qed.

Theorem geometric_limit : exists l, forall n, Rabs (u n - l) <= c / (1 - q) * q ^ n.
Proof.
  enough (exists l, forall n, Rabs (u n - l) <= c * q ^ n / (1 - q)) as [l hl].
  { exists l; intros n. replace (c / (1 - q) * q ^ n) with (c * q ^ n / (1 - q)) by (field; lra).
    apply hl. }
  destruct (R_complete u) as [l hl].
  - intros e he. destruct (geometric_small (e / 2)) as [N hN]; [lra|].
    exists N. intros n m hn hm. unfold R_dist.
    assert (hn' := geometric_between N (n - N)). assert (hm' := geometric_between N (m - N)).
    replace (N + (n - N))%nat with n in hn' by lia.
    replace (N + (m - N))%nat with m in hm' by lia.
    replace (u n - u m) with ((u n - u N) - (u m - u N)) by ring.
    apply Rle_lt_trans with (Rabs (u n - u N) + Rabs (u m - u N)); [|lra].
    rewrite <- (Rabs_Ropp (u m - u N)). apply Rabs_triang.
  - exists l. intros n. apply le_epsilon. intros e he.
    destruct (hl e he) as [N hN]. assert (h := hN (n + N)%nat ltac:(lia)). unfold R_dist in h.
    assert (h' := geometric_between n N).
    replace (u n - l) with ((u (n + N)%nat - l) - (u (n + N)%nat - u n)) by ring.
    apply Rle_trans with (Rabs (u (n + N)%nat - l) + Rabs (u (n + N)%nat - u n)); [|lra].
    rewrite <- (Rabs_Ropp (u (n + N)%nat - u n)). apply Rabs_triang.
Qed.
End Geometric.
