"""The words of a model card; every figure is filled in from a run.

Sections after Mitchell et al., "Model Cards for Model Reporting" (FAT* 2019), §4.
"""

AS_NEW = """\
"Asked as if new": the same test investors with only the last 0, 1 or 2 properties known. What they did earlier was
trained on, but nothing is learnt per investor; the quality benchmark holds whole investors out."""

CARD = """# Model card: Portfolio Twin for `$tenant`

$about

## Model details

* Portfolio Twin, a two-tower recommender: a property tower (features to $dimensions dimensions) and a user tower that
  pools what the investor did; no vector is learnt per investor. $second_step
* Kind `$kind`, version `$version`, made $created by code `$code_version`, trained in $training_seconds s.
* $fitted, seed $seed; the whole configuration is in the bundle's manifest.
* Embedding: effective rank $effective_rank of $dimensions dimensions, $collapsed collapsed.

## Intended use

* **For** investment teams: to rank the properties of their own catalogue for one of their own investors, to say how
  well a property matches and why, to find look-alikes, and to see who on the team may want a property.
* **By** people who decide for themselves: an answer is a suggestion with its confidence, not advice to buy.
* **Not for** steering: choosing which homes tenants or home buyers are shown, told of or advertised to. By race,
  colour, religion, sex, disability, family or national origin the Fair Housing Act of the United States forbids it
  (42 U.S.C. § 3604), and a model that learnt from past choices may do so without any such column.
* **Not for** appraisal, credit, insurance, the screening of tenants, or predicting prices.
* **Not for** another tenant's investors or another market: nothing here was tested on either.

## Factors

How much an investor has done, whether a property is new, whether the target is like the history, and its type: the
slices below. Factors of persons (age, origin, gender …) are not in the data, so nothing can be said about them.

## Metrics

* HR@10: the share of investors whose held-out property is among the first ten of all. NDCG@10: also how far up.
* Affinity as a probability: accuracy, F1, AUC, and the ECE, on as many held-out dealings as random properties.
  In truth an investor makes a deal on, or likes, $base_rate of the catalogue: the base rate. 0.5 divides the pairs.
* In brackets: 95 % intervals by $resamples bootstrap resamples of the investors. Under $few investors nothing is told.

## Evaluation data

$test_users investors with three or more distinct deals or likes: the last is the target, all $candidates properties
are ranked but those of the investor's history, which ends strictly before the target's time. Dataset snapshot
`$snapshot`, $window. What the models are compared with sees the same.

## Training data

$properties properties, $interactions interactions, $investors investors, less the held-out targets and all that
those investors did after the first of them.

Inputs (what varies in this catalogue): $inputs.

## Quantitative analyses

$ranking

$classification

$slices

### Gates

$gates

## Ethical considerations

* The inputs above are meant to describe properties, never persons. But a place can stand in for who lives there: where
  homes cost little because people were once kept out (redlining), a model that learns from investors' choices learns
  that too, and so do prices and any attribute that the tenant adds. Read the list of inputs with that in mind, and
  leave out what should not decide.
* It repeats what investors did. If they avoided a neighbourhood, so will the list; popularity and recent activity make
  that stronger. `discover_new` ranks without them; the map in report.html shows where an investor's matches lie.
* What an investor did is personal data. It lies in the tenant's database, in every data snapshot and, as a vector, in
  the bundle and the index: whoever has to forget an investor has to delete it there as well.

## Caveats and recommendations

* Held-out figures measure finding what investors did choose, among what they saw; they do not say what
  they would have chosen from a fair list, nor whether they were right. Only an online test does.
* Figures of a slice with a wide interval decide nothing. An ECE below "by chance" is no evidence of a fault.
* Look at the slices after each training: a retraining is refused when one is surely worse by more than
  $slice_loss NDCG@10 than the live model's.

## How this page was made

All figures come from `manifest.json`, `metrics.json` and `gates.json` of the version named above, which `twin import`
and `twin retrain` made, by

```
$command
```
"""
