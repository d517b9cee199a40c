(** * Shards: what exact retraining of shards, slices and adapters costs.

    Costs are counted in rows visited, as in Bourtoule et al. 2021
    (arXiv 1912.03817); N rows, S shards, R slices, K requests.

    Definitions
    - [binomial n p j]: C(n, j) p^j (1 - p)^(n - j).
    - [stages_redone R r]: sum of the stage lengths r, ..., R-1 counted from 0, in
      slices: stage j visits j + 1 slices.
    - [first f]: the earliest slice among the requests f.

    Theorems
    - [binomial_total], [binomial_mean]: total 1 and mean n p.
    - [sequential_cost]: K sequential requests on S shards, equation (2) of the
      paper: sum_{i<=K} E(N/S - 1 - hits before) = (N/S + 1/(2S) - 1) K - K^2/(2S).
    - [slicing_cost_exact]: a batch of K requests uniform over R slices costs, in
      total over all R^K batches, sum_j (j+1) (R^K - (R-j-1)^K).
    - [slicing_cost_one]: for one request on average (R+1)(2R+1)/6 slices.
    - [continuous_moments_wrong]: with moments of a continuous variable, as printed
      in its equation (18), the cost of one request on four slices would be off.
    - [overlap_cost]: adapters (LegoNet, Yu et al. 2022) of sizes D_a with
      sum_a D_a = k N cost at least k^2 N / n per uniform request.
    Axiom-free. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Unlearn Require Import Euclid.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory Order.Theory.
Local Open Scope ring_scope.

Section Sequential.
Variable F : numFieldType.
Implicit Types p N S : F.

Definition binomial n p j : F := p ^+ j * (1 - p) ^+ (n - j) *+ 'C(n, j).

Lemma binomial_total n p : \sum_(j < n.+1) binomial n p j = 1.
Proof.
rewrite -[RHS](expr1n _ n) -[in RHS](subrK p 1) exprDn.
by apply: eq_bigr => j _; rewrite /binomial mulrC.
Qed.

Lemma binomial_mean n p : \sum_(j < n.+1) j%:R * binomial n p j = n%:R * p.
Proof.
case: n => [|n]; first by rewrite big_ord1 !mul0r.
have -> : n.+1%:R * p = \sum_(j < n.+1) n.+1%:R * p * binomial n p j.
  by rewrite -mulr_sumr binomial_total mulr1.
rewrite big_ord_recl mul0r add0r.
apply: eq_bigr => j _; rewrite /binomial lift0 subSS exprS -[X in _ * X = _]mulr_natr -[X in _ = _ * X]mulr_natr.
have : (n.+1)%:R * ('C(n, j))%:R = (j.+1)%:R * ('C(n.+1, j.+1))%:R :> F.
  by rewrite -!natrM mul_bin_diag.
move: (j.+1%:R) (n.+1%:R) ('C(n.+1, j.+1))%:R ('C(n, j))%:R => a b c e ace.
transitivity (p * p ^+ j * (1 - p) ^+ (n - j) * (a * c)); first by ring.
by rewrite -ace; ring.
Qed.

(** Request i (from 0) finds its shard shrunk by the earlier ones that hit it. *)
Theorem sequential_cost K N S : S != 0 ->
  \sum_(i < K) \sum_(j < i.+1) binomial i S^-1 j * (N / S - 1 - j%:R)
  = (N / S + (2%:R * S)^-1 - 1) * K%:R - K%:R ^+ 2 / (2%:R * S).
Proof.
move=> S0; have two0 : 2%:R != 0 :> F by rewrite pnatr_eq0.
have one i : \sum_(j < i.+1) binomial i S^-1 j * (N / S - 1 - j%:R) = N / S - 1 - i%:R / S.
  have -> : N / S - 1 = \sum_(j < i.+1) (N / S - 1) * binomial i S^-1 j.
    by rewrite -mulr_sumr binomial_total mulr1.
  rewrite -binomial_mean -sumrB; apply: eq_bigr => j _.
  by rewrite -mulr_sumr binomial_total mulr1 mulrBr ![_ * binomial _ _ _]mulrC.
under eq_bigr => i _ do rewrite one.
elim: K => [|K IH]; first by rewrite big_ord0; field; rewrite S0.
by rewrite big_ord_recr /= IH mulrSr; field; rewrite S0.
Qed.
End Sequential.

Section Slices.
Local Open Scope nat_scope.
Variables R K : nat.
Implicit Types f : {ffun 'I_K -> 'I_R}.

(** Some request falls in the first j + 1 slices. *)
Definition hit f (j : 'I_R) := [exists i, f i <= j].

(** Slices visited when every stage from the first hit one on is redone. *)
Definition slices_visited f := \sum_(j < R | hit f j) j.+1.

Lemma late_count m n : \sum_(r < n | m < r) 1 = n - m.+1.
Proof.
rewrite big_mkcond /=; elim: n => [|n IH]; first by rewrite big_ord0.
rewrite big_ord_recr /= IH subSS; case: (ltnP m n) => mn; first by rewrite addn1 subnSK.
rewrite addn0.
by move: mn; rewrite -subn_eq0 subnS => /eqP ->.
Qed.

Lemma missed_count (j : 'I_R) : #|[pred f | ~~ hit f j]| = (R - j.+1) ^ K.
Proof.
pose late := [pred r : 'I_R | j < r].
have -> : #|[pred f | ~~ hit f j]| = #|ffun_on late : {pred {ffun 'I_K -> 'I_R}}|.
  apply: eq_card => f; rewrite !inE /hit negb_exists.
  by apply/forallP/ffun_onP => h i; have := h i; rewrite ?inE -ltnNge.
rewrite card_ffun_on card_ord; congr (_ ^ K).
by rewrite -sum1_card; exact: late_count.
Qed.

Theorem slicing_cost_exact :
  \sum_f slices_visited f = \sum_(j < R) j.+1 * (R ^ K - (R - j.+1) ^ K).
Proof.
rewrite /slices_visited (exchange_big_dep xpredT) //=; apply: eq_bigr => j _.
rewrite sum_nat_cond_const mulnC; congr (_ * _).
have all_f : #|{ffun 'I_K -> 'I_R}| = R ^ K by rewrite card_ffun !card_ord.
rewrite -all_f -(cardC [pred f | hit f j]) -missed_count.
have -> : #|[predC [pred f | hit f j]]| = #|[pred f | ~~ hit f j]| by apply: eq_card.
by rewrite addnK; apply: eq_card => f; rewrite !inE.
Qed.
End Slices.

(** One request: on average (R + 1)(2R + 1)/6 slices, i.e. 2/3 + 1/(3R) of the
    R (R + 1)/2 of full retraining. *)
Theorem slicing_cost_one R :
  (6 * (\sum_(f : {ffun 'I_1 -> 'I_R}) slices_visited f) = R * R.+1 * (2 * R).+1)%N.
Proof.
rewrite slicing_cost_exact.
under eq_bigr => j _ do rewrite !expn1 subKn ?ltn_ord //.
elim: R => [|R IH]; first by rewrite big_ord0 muln0.
rewrite big_ord_recr /= mulnDr IH.
apply/eqP; rewrite -(@eqr_nat rat_numDomainType) !natrD !natrM !(mulrSr _ R) !(mulrSr _ R.+1).
by rewrite !(mulrSr _ (2 * _)) !natrM !(mulrSr _ R); apply/eqP; ring.
Qed.

(** Equation (18) as printed uses the moments of a uniform variable on the
    interval [1, R]; for one request on R = 4 slices: E r^2 = 7, E r = 5/2, hence
    10 - (7 - 5/2)/2 = 31/4 slices, where the truth is 30/4. *)
Theorem continuous_moments_wrong :
  let mean := (1 + 4%:R) / 2%:R : rat in
  let square := 1 + 2%:R * (4%:R - 1) / 2%:R * ((2%:R + 4%:R) / 3%:R) : rat in
  10%:R - (square - mean) / 2%:R
  != (\sum_(f : {ffun 'I_1 -> 'I_4}) slices_visited f)%:R / 4%:R.
Proof.
have -> : (\sum_(f : {ffun 'I_1 -> 'I_4}) slices_visited f = 30)%N.
  by apply/eqP; rewrite -(eqn_pmul2l (isT : 0 < 6)%N) slicing_cost_one.
by [].
Qed.

(** ** Overlapping shards *)
Section Overlap.
Variables (R : rcfType) (n : nat).

Theorem overlap_cost (D : 'cV[R]_n) (k N : R) : 0 < N ->
  \sum_a D a 0 = k * N -> (0 < n)%N ->
  k ^+ 2 * N / n%:R <= (\sum_a D a 0 ^+ 2) / N.
Proof.
move=> N0 total n0.
have := CauchySchwarz_sq (const_mx 1) D; rewrite /dot.
under eq_bigr => i _ do rewrite mxE mul1r.
under [X in _ <= X * _]eq_bigr => i _ do rewrite mxE mul1r.
rewrite total sumr_const card_ord => cs.
rewrite ler_pdivr_mulr ?ltr0n // [X in _ <= X]mulrAC ler_pdivl_mulr //.
under [X in _ <= X * _]eq_bigr => a _ do rewrite expr2.
by rewrite -mulrA -expr2 -exprMn [X in _ <= X]mulrC.
Qed.
End Overlap.
