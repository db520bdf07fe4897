export default { render: () => null }
