const token = document.querySelector('meta[name="csrf-token"]').content;

/** Asks the GraphQL API for a mutation that gives the quiz, and gives it. The token says that this page asks. */
export async function mutate(mutation, variables) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': token },
    body: JSON.stringify({ query: mutations[mutation], variables }),
  });
  const { data, errors } = await response.json();
  if (errors) {
    throw new Error(errors[0].message);
  }
  return data.quiz;
}

const board = '{ revision teams { id name colour points } }';

const mutations = {
  addTeam: `mutation ($name: String!) { quiz: addTeam(name: $name) ${board} }`,
  removeTeam: `mutation ($id: ID!) { quiz: removeTeam(id: $id) ${board} }`,
  startOver: `mutation { quiz: startOver ${board} }`,
};
