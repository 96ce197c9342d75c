import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.model.comparison import Comparison
from portfolio_twin.model.ranking import DISCOVER, TERMS
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.answers.explain import ExplainRequest, explain_affinity
from portfolio_twin.services.answers.find_candidates import merge
from portfolio_twin.services.answers.predict import PredictRequest, predict
from portfolio_twin.services.answers.recommend import Recommendations, RecommendRequest, recommend
from portfolio_twin.services.answers.resolve_property import PropertyReference
from portfolio_twin.services.user_points import user_points
from tests.fakes.logs import log_of
from tests.fakes.stores import FakeVectorIndex, fill
from tests.fakes.tenant import fake_stores
from tests.fakes.twins import TENANT_A, plain_layer, small_catalogue, small_twin

CATALOGUE = small_catalogue()
QUIET, BUSY = 7, 9  # rows of the busiest property, and of the one before it


def ranked_twin(**weights: float) -> Twin:
    """Ranks by the terms that are named; month by month three interactions with BUSY, one with QUIET."""
    twin = small_twin(CATALOGUE)
    layer = plain_layer(len(CATALOGUE), twin.schema.width)
    activity = layer.activity.copy()
    activity[BUSY], activity[QUIET] = np.log1p(3), np.log1p(1)
    rows = layer.weights * 0
    rows[[0, 4]] = [weights.get(term, 0.0) for term in TERMS]
    rows[DISCOVER[0], TERMS.index("near")] = weights.get("near", 0.0)
    comparison = Comparison.of(twin.schema)
    return replace(twin, ranking=replace(layer, weights=rows, activity=activity, comparison=comparison))


def ask(twin: Twin, user_id: int = 1, **request: Any) -> Recommendations:
    return recommend(asking(twin), RecommendRequest(user_id=user_id, **request))


def asking(twin: Twin) -> Tenant:
    """Investor 1 likes p0 and looked at p1; investor 3 dislikes p5."""
    index = FakeVectorIndex()
    fill(index, TENANT_A, twin, CATALOGUE)
    mine = index.of(TENANT_A, twin.version)
    log = log_of((1, "p1", "view", 1), (1, "p0", "like", 2), (3, "p5", "dislike", 1))
    mine.upsert_users(user_points(twin, log, mine.get_properties))
    return fake_stores({TENANT_A: twin}, index).of(TENANT_A)


def ids_of(answer: Recommendations) -> list[str]:
    return [each.property_id for each in answer.recommendations]


def test_the_layer_decides_the_order_and_the_affinity_is_what_it_sorts_by() -> None:
    answer = ask(ranked_twin(month=1.0), top_k=60)
    assert ids_of(answer)[:2] == [f"p{BUSY}", f"p{QUIET}"]
    scores = [each.affinity_score for each in answer.recommendations]
    assert scores == sorted(scores, reverse=True)
    odds = [p / (1 - p) for p in scores]
    assert odds[0] / odds[-1] == pytest.approx(4)  # one to the three of log1p(3)
    assert np.mean(odds) == pytest.approx(1, abs=1e-5)


def test_a_dislike_alone_leaves_the_scores_as_the_market_has_them() -> None:
    twin = ranked_twin(cosine=3.0, month=1.0)
    assert twin.ranking is not None
    weights = twin.ranking.weights.copy()
    weights[0] /= 2  # of who has done something
    tenant = asking(replace(twin, ranking=replace(twin.ranking, weights=weights)))

    def log_odds(user_id: int) -> dict[str, float]:
        listed = recommend(tenant, RecommendRequest(user_id=user_id, top_k=60)).recommendations
        return {each.property_id: logit(each.affinity_score) for each in listed}

    unknown, disliker = log_odds(77), log_odds(3)
    assert unknown.keys() - disliker.keys() == {"p5"}
    apart = {name: unknown[name] - disliker[name] for name in disliker}
    assert max(apart.values()) == pytest.approx(min(apart.values()), abs=1e-4)  # what they stand against lacks p5


@pytest.mark.parametrize("user_id", [1, 77])
def test_prediction_explanation_and_recommendation_agree_about_the_same_pair(user_id: int) -> None:
    twin = ranked_twin(cosine=3.0, near=2.0, month=1.0, together=1.0, place=0.5, each=1.0, attributes=0.3, not_yet=1.0)
    tenant = asking(twin)
    asked = RecommendRequest(user_id=user_id, top_k=60)
    for listed in recommend(tenant, asked).recommendations:
        about = PredictRequest(user_id=user_id, property_id=listed.property_id, explain=True)
        predicted = predict(tenant, about)
        explained = explain_affinity(
            tenant, ExplainRequest(user_id=user_id, property=PropertyReference(property_id=listed.property_id))
        )
        assert predicted.affinity_score == pytest.approx(listed.affinity_score, abs=1e-6)
        assert explained.affinity_score == pytest.approx(listed.affinity_score, abs=1e-6)
        assert predicted.confidence == pytest.approx(listed.confidence, abs=1e-6)
        gain = explained.log_odds - logit(explained.baseline_score)
        for told in (listed.reasons, predicted.reasons, explained.contributions):
            assert told is not None
            assert sum(reason.contribution for reason in told) == pytest.approx(gain, abs=1e-3)


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def test_a_list_by_activity_says_how_much_went_on() -> None:
    first, second = ask(ranked_twin(month=1.0), top_k=2).recommendations
    assert first.reasons[0].text == "3 interactions with it in 30 days, 2.0 being usual"
    assert second.reasons[0].text == "others have dealt with it of late"  # more than most, less than the others in use
    quiet = ask(ranked_twin(month=5.0), top_k=60).recommendations[-1]
    assert "no interactions with it in 30 days" in quiet.reasons[0].text


def test_a_list_by_nearness_names_the_property_that_was_liked() -> None:
    twin = ranked_twin(near=50.0)
    best = ask(twin, top_k=1).recommendations[0]
    liked = CATALOGUE.row(0)
    assert best.reasons[0].text == f"like the {liked['property_type']} in {liked['zipcode']} that you liked"
    X = twin.schema.vectorise(CATALOGUE)
    gaps = np.linalg.norm(X - X[0], axis=1)
    gaps[0] = np.inf  # it was acted on
    assert best.property_id == f"p{gaps.argmin()}"


def test_a_list_by_place_says_how_far_it_is_from_what_was_liked() -> None:
    best = ask(ranked_twin(place=5.0), top_k=1).recommendations[0]
    liked = CATALOGUE.row(0)
    assert best.reasons[0].input == "distance"
    north, east = ((CATALOGUE.row(int(best.property_id[1:]))[k] - liked[k]) * 111.32 for k in ("lat", "lon"))
    metres = 1000 * math.hypot(north, east * math.cos(math.radians(42.6)))
    told = re.fullmatch(rf"(\d+) m from the {liked['property_type']} that you liked", best.reasons[0].text)
    assert told is not None
    assert float(told[1]) == pytest.approx(metres, abs=15)


def test_a_list_number_by_number_says_that_size_and_price_are_close() -> None:
    best = ask(ranked_twin(each=5.0), top_k=1).recommendations[0]
    assert (best.reasons[0].input, "close to what you" in best.reasons[0].text) == ("alike", True)


def test_who_acted_on_the_same_properties_counts() -> None:
    best = ask(ranked_twin(together=1.0), top_k=1).recommendations[0]
    assert best.property_id == "p1"  # in `plain_layer` each property belongs together with the next
    assert best.reasons[0].input == "together"


def test_discover_new_leaves_out_what_others_do() -> None:
    twin = ranked_twin(month=5.0, near=0.1)
    assert ids_of(ask(twin))[0] == f"p{BUSY}"
    new = ask(twin, discover_new=True)
    assert ids_of(new) == ids_of(ask(ranked_twin(near=0.1), discover_new=True))
    assert not any(reason.input == "activity" for each in new.recommendations for reason in each.reasons)


def test_an_investor_without_history_gets_what_is_going_on() -> None:
    answer = ask(ranked_twin(month=1.0), user_id=77, top_k=1)
    assert (answer.strategy, ids_of(answer)) == ("popular", [f"p{BUSY}"])
    assert answer.recommendations[0].affinity_score > 0.5


def test_diversity_works_on_the_layers_scores_too() -> None:
    twin = ranked_twin(month=1.0)
    plain, diverse = (ask(twin, top_k=10, diversity=d) for d in (0.0, 0.9))
    assert ids_of(plain)[0] == ids_of(diverse)[0]
    assert set(ids_of(plain)) != set(ids_of(diverse))


def test_candidates_are_the_best_half_of_the_first_list_then_all_lists_by_turns_each_once() -> None:
    assert merge(["abcdef", "axyzb"], 6) == ["a", "b", "c", "d", "e", "x"]
    assert merge(["abcdef"], 4) == ["a", "b", "c", "d"]


def test_a_hundred_lists_of_a_hundred_have_no_inversion_and_each_affinity_is_the_predicted_one() -> None:
    catalogue, rng = small_catalogue(300), np.random.default_rng(0)
    twin = small_twin(catalogue)
    layer = plain_layer(300, twin.schema.width)
    weights = rng.normal(0, 1, layer.weights.shape).astype(np.float32)
    activity = np.log1p(rng.poisson(2.0, layer.activity.shape)).astype(np.float32)
    ranked = replace(twin, ranking=replace(layer, weights=weights, activity=activity))
    index = FakeVectorIndex()
    fill(index, TENANT_A, ranked, catalogue)
    mine = index.of(TENANT_A, ranked.version)
    kinds = ("view", "outreach", "deal", "like", "dislike")
    events = [(user, f"p{row}", kinds[row % 5], row) for user in range(100) for row in rng.permutation(300)[: user % 9]]
    mine.upsert_users(user_points(ranked, log_of(*events), mine.get_properties))
    tenant = fake_stores({TENANT_A: ranked}, index).of(TENANT_A)
    for user in range(100):
        listed = recommend(tenant, RecommendRequest(user_id=user, top_k=100)).recommendations
        scores = [each.affinity_score for each in listed]
        assert len(scores) == 100
        assert scores == sorted(scores, reverse=True)
        one = listed[int(rng.integers(100))]
        predicted = predict(tenant, PredictRequest(user_id=user, property_id=one.property_id))
        assert predicted.affinity_score == pytest.approx(one.affinity_score, abs=1e-6)
