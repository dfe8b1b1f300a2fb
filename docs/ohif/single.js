// OHIF beside one server of this machine, which docker-compose.yml publishes on port 8080.
window.config = {
  routerBasename: '/',
  extensions: [],
  modes: [],
  showStudyList: true,
  defaultDataSourceName: 'fovea',
  dataSources: [
    {
      namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
      sourceName: 'fovea',
      configuration: {
        friendlyName: 'Fovea',
        name: 'fovea',
        qidoRoot: 'http://localhost:8080/dicom-web',
        wadoRoot: 'http://localhost:8080/dicom-web',
        wadoUriRoot: 'http://localhost:8080/dicom-web',
        qidoSupportsIncludeField: true,
        supportsWildcard: true,
        supportsFuzzyMatching: false,
        imageRendering: 'wadors',
        thumbnailRendering: 'wadors',
        enableStudyLazyLoad: true,
        bulkDataURI: { enabled: true },
        singlepart: 'bulkdata,video',
      },
    },
  ],
};
