// Numbers and words as a person reads them.

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const some = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });
const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });
const ages = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const known = (value) => value !== undefined && value !== null;

export const count = (value) => whole.format(value);
export const dollars = (value) => `$${whole.format(value)}`;
/** A share that is neither nothing nor all is never told as 0 % or 100 %. */
const told = (share, shown, least) => share > 0 && +shown === 0 ? `< ${least} %` : share < 1 && +shown === 100 ? `> ${100 - least} %` : `${shown} %`;
export const exact = (share) => told(share, (share * 100).toFixed(1), 0.1).replace(/^-(?=0\.0 )/, "").replace("-", "−");
const roundly = (share) => told(share, `${Math.round(share * 100)}`, 1);
/** With a digit more near the ends, where a whole number would hide the difference: 99.4 %. */
export const percent = (share) => (Math.abs(share - 0.5) > 0.4 && share > 0 && share < 1 ? exact(share) : roundly(share));
export const signed = (value, digits = 2) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
export const logit = (share) => Math.log(share / (1 - share));
export const sigmoid = (x) => 1 / (1 + Math.exp(-x));
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

const SHOWN = {
  price: dollars, listing_price: dollars, estimated_value: dollars, price_per_sqft: dollars, cap_rate: exact, cash_on_cash_return: exact,
  square_footage: (v) => `${count(v)} ft²`, lot_size_sqft: (v) => `${count(v)} ft²`, year_built: String,
  lat: (v) => `${v.toFixed(4)}°`, lon: (v) => `${v.toFixed(4)}°`, condition_score: roundly, confidence: roundly,
  days_on_market: (v) => plural(v, "day"),
};
const NAMES = { price_per_sqft: "price per ft²", lot_size_sqft: "lot size", lat: "latitude", lon: "longitude", zipcode: "zip code",
  confidence: "data confidence", listing_price: "price", price: "price", attributes: "own attributes" };

export const nameOf = (field) => NAMES[field] ?? field.replace(/^attributes\./, "").replaceAll("_", " ");

/** A field's value with its unit; a dash where it is missing. */
export function value(field, given) {
  if (!known(given)) return "–";
  if (typeof given === "boolean") return given ? "yes" : "no";
  if (typeof given !== "number") return String(given);
  return SHOWN[field]?.(given) ?? some.format(given);
}

/** As `value`, as short as an axis needs it. */
export function brief(field, given) {
  const text = positive(field, Math.abs(given)).replace(/^<.*/, "0 %");
  return given < 0 && /[1-9]/.test(text) ? `−${text}` : text; // of what rounds to nothing there is no minus
}
const positive = (field, given) =>
  field.includes("price") || field === "estimated_value" ? `$${short.format(given)}`
    : field === "year_built" ? String(Math.round(given)) : SHOWN[field] === exact || SHOWN[field] === roundly ? value(field, given) : short.format(given);

/** Four facts of a listing, those that are known. */
export const facts = ({ bedrooms, bathrooms, square_footage, year_built }) =>
  [known(bedrooms) && `${some.format(bedrooms)} bd`, known(bathrooms) && `${some.format(bathrooms)} ba`,
    known(square_footage) && value("square_footage", square_footage), known(year_built) && `built ${year_built}`].filter(Boolean).join(" · ");

const WORDS = [[0.95, "outstanding match"], [0.8, "strong match"], [0.6, "good match"], [0.4, "as likely as any"], [0.15, "weak match"], [0, "poor match"]];
export const words = (affinity) => WORDS.find(([least]) => affinity >= least)[1];

/** How many times as likely as the average property: what the score's odds say. */
export function times(affinity) {
  const odds = affinity / (1 - affinity);
  if (odds >= 0.95) return `${odds >= 99.5 ? "over 99" : odds >= 9.95 ? Math.round(odds) : odds.toFixed(1)}× as likely as the average`;
  return `${odds < 1 / 99.5 ? "under 1/99" : `1/${(1 / odds).toFixed(1)}`} as likely as the average`;
}

const STEPS = [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3_600], ["minute", 60]];

/** "2 hours ago"; the day itself where it is longer ago than a month. */
export function ago(when, now = Date.now()) {
  const seconds = (new Date(when) - now) / 1000;
  const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  return unit === "year" || unit === "month" ? day.format(new Date(when)) : ages.format(Math.round(seconds / size), unit);
}

export const STRATEGIES = {
  twin: ["Personal twin", "learnt from what this investor did"],
  content: ["Content model", "too little is known here to learn from yet: the answers compare features, and confidence is low"],
  buy_box: ["Stated buy box", "this investor has done nothing yet: the answers rest on the criteria given"],
  popular: ["Market's taste", "nothing is known of this investor yet: this is what the market likes"],
};
