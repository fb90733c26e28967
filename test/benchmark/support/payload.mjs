/** What a session holds besides the user's name and a counter: a basket whose JSON has about this many bytes. */
export function basketOf(bytes) {
  const basket = [];
  for (let size = 0, item = 0; size < bytes - 60; item++) {
    basket.push({ sku: `item-${1000 + item}`, amount: 1 + (item % 5), price: 19.5 + item });
    size += JSON.stringify(basket[item]).length + 1;
  }
  return basket;
}
